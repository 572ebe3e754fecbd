/** What `--version` says; glusterd looks for the program's name in it. */
export const gsyncdVersion = "gsyncd.py 4.0.0";
