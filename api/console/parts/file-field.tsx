import { fieldId } from "./fields.tsx";
import type { Sheet } from "./sheet.ts";

interface FileFieldProps {
  readonly sheet: Sheet;
  readonly name: string;
  readonly label: string;
  readonly accept: string;
  readonly hint: string;
}

/** A file that is sent with the form. After a refusal it has to be chosen again: browsers keep none. */
export function FileField({ sheet, name, label, accept, hint }: FileFieldProps) {
  const id = fieldId(name);
  const fault = sheet.faults.get(name);
  return (
    <div class={`field${fault ? " faulty" : ""}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type="file"
        accept={accept}
        aria-describedby={fault ? `${id}-hint ${id}-fault` : `${id}-hint`}
        aria-invalid={fault ? "true" : undefined}
      />
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}
