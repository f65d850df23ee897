// Runs one server and outlives nobody: when the process that started it goes, however it goes, the server is stopped.
//
// A killed parent cannot clean up, so this small process does: the channel to the parent closes when the parent ends.
// It leads a process group of its own, so a Ctrl-C in the terminal reaches the parent alone and the stores stay up
// until the parent has drained. Plain JavaScript, because it starts with bare node in a few milliseconds.
//
// argv: one JSON document { command, args, env, uid?, gid?, stopSignals, graceMs, pidFile }.
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";

const spec = JSON.parse(process.argv[2]);

// On Linux the kernel also ends the server when this process is killed; elsewhere the parent does (it is told the pid).
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => process.platform === "linux" && existsSync(path));
const pdeathsig = spec.stopSignals[0].replace(/^SIG/, "");
const [command, args] = setpriv
  ? [setpriv, ["--pdeathsig", pdeathsig, spec.command, ...spec.args]]
  : [spec.command, spec.args];

const server = spawn(command, args, {
  stdio: ["ignore", "inherit", "inherit"],
  env: spec.env,
  ...(spec.uid === undefined ? {} : { uid: spec.uid, gid: spec.gid }),
});

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  const escalate = (index) => {
    const signal = spec.stopSignals[index];
    if (signal === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    setTimeout(escalate, spec.graceMs, index + 1).unref();
  };
  escalate(0);
}

function finish(code) {
  rmSync(spec.pidFile, { force: true });
  process.exit(code);
}

server.on("spawn", () => process.connected && process.send({ serverPid: server.pid }, () => undefined));
server.on("error", (error) => {
  process.stderr.write(`${spec.command}: ${error.message}\n`);
  finish(127);
});
server.on("exit", (code, signal) => finish(stopping ? 0 : (code ?? (signal ? 1 : 0)) || 1));
process.on("disconnect", stop);
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("SIGHUP", stop);
if (!process.connected) stop();
