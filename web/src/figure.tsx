// A figure as the report has it, and each of its panels to be zoomed into.
import { useEffect, useState } from 'react';

import { address, get, getFloats, getText, type Figure, type Values } from './api';
import { Legend, PanelView } from './panel';
import { useLoaded } from './use';

export function Exports({ path, values, formats }: {
  path: string;
  values: Record<string, string | number | undefined>;
  formats: string[];
}) {
  return (
    <span className="exports">
      save{' '}
      {formats.map((format) => (
        <a key={format} href={address(path, { ...values, format })} download>
          {format.toUpperCase()}
        </a>
      ))}
    </span>
  );
}

function OpenPanel({ values, at, drawn }: { values: Values; at: number; drawn: Figure }) {
  const panel = drawn.panels[at];
  const cells = useLoaded(panel?.map ? `${JSON.stringify(values)} ${at}` : undefined, () =>
    getFloats('figure-map', { ...values, panel: at }),
  );
  if (panel === undefined) {
    return null;
  }
  return (
    <div className="open-panel">
      <PanelView panel={panel} values={cells.value} title={panel.title || ' '} />
      <Legend panel={panel} />
      {panel.overlays > 0 && <p className="note">Mask and bins lie over the whole figure alone.</p>}
    </div>
  );
}

/** `values` say which figure it is: of a result, or a frame of a series. */
export function FigureView({ values, state = '', loaded }: {
  values: Values;
  state?: string; // of the file: another when it has grown
  loaded?: () => void;
}) {
  const key = JSON.stringify(values) + state;
  const [open, setOpen] = useState(-1);
  const picture = useLoaded(open < 0 ? key : undefined, (signal) => getText('picture', values, signal));
  const drawn = useLoaded(key, (signal) => get<Figure>('figure', values, signal));
  const panels = drawn.value?.panels ?? [];
  const seen = open < 0 ? picture : drawn;
  const ready = !seen.busy;
  useEffect(() => {
    if (ready) {
      loaded?.();
    }
  }, [ready, key, loaded]);
  return (
    <section className="scroll figure">
      <div className="controls">
        <Exports path="figure-export" values={values} formats={['png', 'svg', 'pdf', 'csv']} />
        <label>
          zoom into{' '}
          <select
            value={open}
            aria-label="panel"
            onChange={(event) => setOpen(Number(event.target.value))}
          >
            <option value={-1}>nothing: the whole figure</option>
            {panels.map((panel, index) => (
              <option key={index} value={index}>
                {panel.title || `${panel.y.label} against ${panel.x.label}`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {seen.problem !== undefined && <p className="note">{seen.problem}</p>}
      {open < 0 && picture.value !== undefined && (
        <div
          className="picture"
          data-busy={picture.busy}
          onDoubleClick={() => setOpen(0)}
          // drawn by the server of this page, with all text escaped
          dangerouslySetInnerHTML={{ __html: picture.value }}
        />
      )}
      {open >= 0 && drawn.value !== undefined && <OpenPanel values={values} at={open} drawn={drawn.value} />}
    </section>
  );
}
