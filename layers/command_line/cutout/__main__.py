from cutout.main import main

main()
