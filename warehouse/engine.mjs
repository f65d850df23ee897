// The embedded ClickHouse: loads libchdb into this process and lets it serve HTTP until the process ends.
//
// Plain JavaScript, because it starts with bare node: the call below never returns, so neither a loader's threads nor
// signal handlers in JavaScript would be served. SIGTERM ends it by default action; the engine loses no acknowledged row.
//
// argv: the directory of the data, the HTTP port, the configuration file.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DataType, load, open } from "ffi-rs";

const [dataDir, httpPort, configFile] = process.argv.slice(2);
const libc = process.platform === "linux" ? "-gnu" : "";
const platformPackage = `@chdb/lib-${process.platform}-${process.arch}${libc}/package.json`;
// The library is a dependency of chdb, not of ours: look from where chdb is.
const fromChdb = createRequire(createRequire(import.meta.url).resolve("chdb/package.json"));

open({ library: "chdb", path: join(dirname(fromChdb.resolve(platformPackage)), "libchdb.so") });

const query =
  "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size=1 FORMAT Null";
const argv = [
  "clickhouse",
  `--path=${dataDir}`,
  `--config-file=${configFile}`,
  "--http_port",
  httpPort,
  "--listen_host",
  "127.0.0.1",
  "--query",
  query,
];
load({
  library: "chdb",
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
