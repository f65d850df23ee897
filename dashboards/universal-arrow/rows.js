import { DataType } from "apache-arrow";

/**
 * A calendar date reaches JavaScript as UTC midnight, but charts and formats print local time: west of Greenwich every
 * day would be shown as the one before. So the date is rebuilt from its UTC parts as local midnight.
 */
function localMidnight(value) {
  const utc = new Date(value);
  return new Date(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate());
}

/** Picks, once per column, how a cell of this Arrow type becomes what Evidence's components expect. */
function readerFor(type) {
  if (DataType.isDate(type)) return localMidnight;
  if (DataType.isTimestamp(type)) return (value) => new Date(Number(value));
  if (DataType.isList(type) || DataType.isStruct(type)) return (value) => value.toJSON();
  return (value) => (typeof value === "bigint" ? Number(value) : value);
}

/** What Evidence, which expects a database's names, calls a column of this Arrow type. */
export function typeName(type) {
  if (DataType.isDate(type)) return "DATE";
  if (DataType.isTimestamp(type)) return "TIMESTAMP";
  if (DataType.isBool(type)) return "BOOLEAN";
  if (DataType.isInt(type)) return "BIGINT";
  if (DataType.isFloat(type) || DataType.isDecimal(type)) return "DOUBLE";
  return "VARCHAR";
}

/**
 * Rows as plain objects: numbers for every numeric type, `Date` for dates and instants, null for null.
 * @param {import("apache-arrow").Table} table
 */
export function arrowTableToJSON(table) {
  const rows = Array.from({ length: table.numRows }, () => ({}));
  for (const field of table.schema.fields) {
    const read = readerFor(field.type);
    let index = 0;
    for (const value of table.getChild(field.name) ?? []) {
      rows[index][field.name] = value === null || value === undefined ? null : read(value);
      index += 1;
    }
  }
  return rows;
}
