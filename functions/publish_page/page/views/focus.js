// Where the keyboard, and whoever listens, goes on when what had the focus is gone.
export const focusTitle = () => document.querySelector("main h1")?.focus();
