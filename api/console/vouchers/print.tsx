/** How a sheet of labels shall look. */
import { shortened } from "../format.tsx";

export function LayoutFields() {
  return (
    <>
      <div>
        <label for="symbol">Symbol</label>
        <select id="symbol" name="symbol">
          <option value="qr">QR code</option>
          <option value="code128">Code 128</option>
        </select>
      </div>
      <div>
        <label for="page-size">Paper</label>
        <select id="page-size" name="page_size">
          <option value="a4">A4</option>
          <option value="letter">Letter</option>
        </select>
      </div>
      <HowMany name="columns" label="Across" value={3} max={6} />
      <HowMany name="rows" label="Down" value={8} max={12} />
    </>
  );
}

function HowMany(props: { name: string; label: string; value: number; max: number }) {
  return (
    <div>
      <label for={props.name}>{props.label}</label>
      <input id={props.name} type="number" name={props.name} value={props.value} min={1} max={props.max} />
    </div>
  );
}

export function campaignOptions(campaigns: readonly { readonly id: string; readonly name: string }[]) {
  return campaigns.map((campaign) => ({ value: campaign.id, name: shortened(campaign.name, 80) }));
}
