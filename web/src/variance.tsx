// V(k) by any definition, its corrections switched on and off.
import { useState } from 'react';

import type { Result } from './api';
import { FigureView } from './figure';

export function VariancePage({ result }: { result: Result }) {
  const [definition, setDefinition] = useState(result.variances[0]?.name ?? '');
  const [noise, setNoise] = useState(true);
  const [few, setFew] = useState(false);
  return (
    <>
      <div className="controls">
        <select aria-label="definition" value={definition} onChange={(event) => setDefinition(event.target.value)}>
          {result.variances.map((one) => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
        </select>
        <label>
          <input
            type="checkbox"
            checked={noise && result.knows_shot_noise}
            disabled={!result.knows_shot_noise}
            onChange={(event) => setNoise(event.target.checked)}
          />{' '}
          shot noise taken off
        </label>
        {!result.knows_shot_noise && <span className="note">no gain was known (--gain)</span>}
        <label>
          <input type="checkbox" checked={few} onChange={(event) => setFew(event.target.checked)} /> bias of few
          patterns taken off
        </label>
      </div>
      <FigureView
        values={{
          file: result.file,
          variance: definition,
          shot_noise: noise ? 'corrected' : 'kept',
          few_patterns: few ? 'corrected' : 'kept',
        }}
      />
    </>
  );
}
