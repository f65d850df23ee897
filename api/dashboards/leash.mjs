// Runs one command and everything it starts, with little claim on the machine, and outlives nobody: when the process
// that started it goes, however it goes, the channel to it closes and the command's whole group is ended.
//
// argv: the command and its arguments. Exits with the command's code.
import { spawn } from "node:child_process";
import { setPriority } from "node:os";

const graceMs = 5_000;
const niceness = 10;
const [command, ...args] = process.argv.slice(2);

try {
  setPriority(niceness); // inherited by what is started below
} catch {
  // A system that refuses lets the command run as it is.
}
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });

function signalGroup(signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has gone already.
  }
}

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  signalGroup("SIGTERM");
  setTimeout(() => signalGroup("SIGKILL"), graceMs).unref();
}

child.on("error", (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code) => {
  if (stopping) signalGroup("SIGKILL");
  process.exit(stopping ? 130 : (code ?? 1));
});
process.on("disconnect", stop);
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
if (!process.connected) stop();
