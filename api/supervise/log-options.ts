/** How every process of the product logs: one JSON line an entry, errors without the data that they quote. */
import { type LoggerOptions, stdSerializers } from "pino";

export function logOptions(level: string, base: Readonly<Record<string, unknown>>): LoggerOptions {
  return { level, base: { pid: process.pid, ...base }, serializers: { err: withoutData } };
}

/** A store's error repeats the row it is about, and with it codes and people. What says where it broke stays. */
function withoutData(error: Error): object {
  const { detail: _detail, where: _where, hint: _hint, internalQuery: _query, ...kept } = stdSerializers.err(error);
  return kept;
}
