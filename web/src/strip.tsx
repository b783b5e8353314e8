// I0 below the map, on its axis; a range of ages is dragged here too.
import type { Domain } from '@h5web/lib';
import { useMemo, useRef, useSyncExternalStore } from 'react';

import type { MapPage } from './api';
import { plainTick } from './panel';
import type { Sighted } from './sighted';

export function Strip({ map, sighted, range, tell }: {
  map: MapPage;
  sighted: Sighted;
  range: Domain | undefined;
  tell: (range: Domain) => void;
}) {
  const view = useSyncExternalStore(sighted.listen, sighted.get);
  const start = useRef<number>();
  const panel = map.intensity?.panels[0];
  const series = panel?.series[0];
  const path = useMemo(() => {
    let pen = 'M';
    let out = '';
    series?.x.forEach((x, i) => {
      const y = series.y[i];
      if (x === null || y === null || y === undefined) {
        pen = 'M';
      } else {
        out += `${pen}${x} ${-y}`;
        pen = 'L';
      }
    });
    return out;
  }, [series]);
  if (panel === undefined) {
    return null;
  }
  const [x0, x1] = view?.x ?? [map.first_s, map.last_s];
  const { lower, upper } = panel.y;
  const timeOf = (event: React.PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return x0 + ((event.clientX - box.left) / box.width) * (x1 - x0);
  };
  const drag = (event: React.PointerEvent<SVGSVGElement>) => {
    if (start.current !== undefined) {
      const now = timeOf(event);
      tell(now < start.current ? [now, start.current] : [start.current, now]);
    }
  };
  const block = (first: number, last: number, colour: string, label: string, key: string) => (
    <rect key={key} x={first} width={last - first} y={-upper} height={upper - lower} fill={colour} fillOpacity={0.18}>
      <title>{label}</title>
    </rect>
  );
  return (
    <div className="strip">
      <div className="strip-axis">
        <span>{plainTick(upper)}</span>
        <span>{panel.y.label}</span>
        <span>{plainTick(lower)}</span>
      </div>
      <svg
        viewBox={`${x0} ${-upper} ${x1 - x0} ${upper - lower}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="intensity against time; drag a range of ages"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = timeOf(event);
        }}
        onPointerMove={drag}
        onPointerUp={() => {
          start.current = undefined;
        }}
      >
        {map.marks
          .filter((mark) => mark.kind === 'segment')
          .map((mark, i) =>
            block(mark.first_s, mark.last_s, i % 2 === 0 ? '#009e73' : '#d55e00', mark.text, `s${i}`),
          )}
        {range !== undefined && block(range[0], range[1], '#0072b2', 'range of ages', 'range')}
        <path d={path} fill="none" stroke="#0072b2" vectorEffect="non-scaling-stroke" />
        {map.marks
          .filter((mark) => mark.kind === 'event')
          .map((mark, i) => (
            <line
              key={i}
              x1={mark.first_s}
              x2={mark.first_s}
              y1={-upper}
              y2={-lower}
              stroke="#cc79a7"
              strokeWidth="2"
              vectorEffect="non-scaling-stroke"
            >
              <title>{mark.text}</title>
            </line>
          ))}
      </svg>
    </div>
  );
}
