/** Ids are a prefix and a UUIDv7 in Crockford base32 (the TypeID form): sortable by time, the same in every store. */
import { typeid } from "typeid-js";

export type IdPrefix =
  | "prj"
  | "key"
  | "cus"
  | "cev"
  | "cam"
  | "vou"
  | "bat"
  | "pub"
  | "val"
  | "red"
  | "rej"
  | "rol"
  | "dec"
  | "res"
  | "rew"
  | "pts"
  | "pol"
  | "plc"
  | "seg"
  | "top"
  | "imp"
  | "job"
  | "adt"
  | "evt";

export function newId(prefix: IdPrefix): string {
  return typeid(prefix).toString();
}
