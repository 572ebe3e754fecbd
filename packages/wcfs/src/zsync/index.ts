/** Views of big files that go with a database connection. */
export { closeConnsOf, connOf, FollowingConn } from "./conn-of.ts";
