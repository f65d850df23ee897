interface Tab {
  readonly name: string;
  readonly to: string;
  readonly here: boolean;
}

/** Pages, or views of one, beside each other: links, so that each has an address. */
export function Tabs(props: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={props.label}>
      {props.tabs.map((tab) => (
        <a class="tab" href={tab.to} aria-current={tab.here ? "page" : undefined}>
          {tab.name}
        </a>
      ))}
    </nav>
  );
}
