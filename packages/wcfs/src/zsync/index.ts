/** Views of big files that go with a database connection. */
export { connOf, FollowingConn } from "./conn-of.ts";
