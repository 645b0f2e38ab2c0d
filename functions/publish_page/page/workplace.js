// What only somebody needs who has signed in. It comes while others look at the form to sign in.
import { Account } from "./views/account.js";
import { History } from "./views/history.js";
import { Viewer } from "./views/viewer.js";
import { Work } from "./views/work.js";

export { Bench } from "./work/bench.js";

/** By their names in the address. */
export const VIEWS = { "": Work, history: History, account: Account, job: Viewer };
