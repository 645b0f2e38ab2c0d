"""`make up` and `make down`: the local stack in the background, with what one needs to play with it."""

import json
import os
import shlex
import sys

from tests.project import PROJECT
from tests.stack.local_stack import PASSWORD, LocalStack, load, stop

STATE = PROJECT / ".cache/stack/running.json"
FUNCTION_ENVIRONMENTS = PROJECT / ".cache/stack/env.json"
ENVIRONMENT = PROJECT / ".cache/stack/environment"
DEMO_USER = "demo@example.com"
RESOURCES = ("JOBS_TABLE", "CREDITS_TABLE", "SUBSCRIPTIONS_TABLE", "API_KEYS_TABLE", "BUCKET", "QUEUE_URL")


def up() -> None:
    if load(STATE):
        sys.exit("It is running already. Stop it with: make down")
    stack = LocalStack.start(STATE.parent, host=os.environ.get("BIND_HOST", "127.0.0.1"))
    stack.save(STATE)
    environments = stack.function_environments()
    names = {name: value for name, value in environments["JobsFunction"].items() if name in RESOURCES}
    exported = stack.emulator.credentials | names
    ENVIRONMENT.write_text("".join(f"export {name}={value}\n" for name, value in exported.items()))
    FUNCTION_ENVIRONMENTS.write_text(json.dumps(environments, indent=1))
    user = stack.sign_up(DEMO_USER)
    key = stack.operate("create-api-key", "--user", user.user_id, "--name", "make up")
    routes = f"{stack.api_url}/api/background-remover"
    image = "-F image=@.cache/assets/astronaut.png"
    auth = '-H "Authorization: Bearer $KEY"'
    print(f"""The page: {stack.page_url} (sign in as {DEMO_USER} with {PASSWORD}, or sign up)

To read and to try out: {stack.api_url}/api/docs
A token that is good for an hour, an API key that stays, and every route:

export API={shlex.quote(routes)}
export TOKEN={shlex.quote(user.token)}
export KEY={shlex.quote(key)}

curl -s {stack.api_url}/api/health
curl -s {stack.api_url}/api/openapi.json
curl -s {auth} {image} -F tier=basic $API/remove
curl -s {auth} {image} -F tier=standard -H "Accept: image/png" --create-dirs -o out/cutout.png $API/remove
curl -s {auth} {image} -F tier=standard -H "Prefer: respond-async" $API/remove
curl -s {auth} -H "Content-Type: application/json" -d '{{"tier": "basic", "contentType": "image/png"}}' $API/uploads
curl -s {auth} {image.replace("image=", "images=")} -F images=@.cache/assets/coffee.png -F tier=basic $API/batch
curl -s {auth} $API/batch/BATCH_ID
curl -s {auth} -X POST $API/batch/BATCH_ID/cancel
curl -s {auth} $API/batch/BATCH_ID/download
curl -s {auth} $API/jobs
curl -s {auth} $API/jobs/JOB_ID
curl -s {auth} -H "Content-Type: application/json" -d '{{"crop": "5%", "maxSize": 800}}' $API/jobs/JOB_ID/render
curl -s {auth} -X DELETE $API/jobs/JOB_ID
curl -s -H "Authorization: Bearer $TOKEN" $API/credits
curl -s {auth} $API/subscription
curl -s {auth} -H "Content-Type: application/json" -d '{{"plan": "starter", "paymentId": "pay_1"}}' $API/subscription
curl -s {auth} -X DELETE $API/subscription
curl -s {auth} -H "Content-Type: application/json" -d '{{"totalImages": 33, "tier": "basic"}}' $API/pricing/calculate
curl -s {auth} $API/stats
curl -s {auth} -H "Content-Type: application/json" -d '{{"name": "my program"}}' $API/api-keys
curl -s {auth} $API/api-keys
curl -s {auth} -X DELETE $API/api-keys/KEY_ID

AWS tools:       source .cache/stack/environment
sam local:       sam local invoke JobsFunction -e events/jobs.json (needs BIND_HOST=… make up: see docs/operations.md)
More credits:    make grant USER={user.user_id} CREDITS=100
A payment:       make pay USER={user.user_id} PLAN=starter PAYMENT=pay_1
Sent mails:      {stack.emulator.url}/_ministack/ses/messages
Hugging Face:    {stack.running.stand_in_url}
Logs:            make logs, or make logs FUNCTION=RemoveFunction
Stop:            make down
""")


def down() -> None:
    running = load(STATE)
    if running is None:
        print("not running")
        return
    stop(running)
    STATE.unlink()
    ENVIRONMENT.unlink(missing_ok=True)
    print("stopped")


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]]()
