// Tiles of a two-time map, fetched as they come into sight.
import { TilesApi } from '@h5web/lib';
import ndarray, { type NdArray } from 'ndarray';
import type { Vector2 } from 'three';

import { getFloats, type MapFacts } from './api';

const edge = 512;
const mostTiles = 256; // 256 MiB
const againMs = 2000; // after a failure

type TileArray = NdArray<Float32Array>;
interface Entry {
  array?: TileArray;
  coming: Promise<void>;
}

export class MapTiles extends TilesApi {
  private readonly known = new Map<string, Entry>();
  public arrived = 0;
  private readonly factors: number[];

  constructor(
    private readonly file: string,
    private readonly facts: MapFacts,
    private readonly diagonal: 'show' | 'hide',
  ) {
    const layers = [...facts.layers].reverse(); // the coarsest first
    super(
      { width: edge, height: edge },
      layers.map(({ size }) => ({ width: size, height: size })),
    );
    this.factors = layers.map(({ factor }) => factor);
  }

  /** The tile, or its promise thrown: React draws the rest meanwhile. */
  public get(layer: number, offset: Vector2): TileArray {
    const factor = this.factors[layer] ?? 1;
    const key = `${factor} ${offset.y} ${offset.x}`;
    const known = this.known.get(key);
    if (known?.array !== undefined) {
      return known.array;
    }
    if (known !== undefined) {
      throw known.coming;
    }
    const size = this.layerSizes[layer] ?? this.baseLayerSize;
    const rows = Math.min(edge, size.height - offset.y);
    const columns = Math.min(edge, size.width - offset.x);
    const entry: Entry = {
      coming: getFloats('tile', {
        file: this.file,
        bin: this.facts.bin,
        factor,
        row: offset.y,
        column: offset.x,
        edge,
        diagonal: this.diagonal,
      })
        .then((values) => {
          if (values.length !== rows * columns) {
            throw new Error('a tile of another size'); // the file has changed meanwhile
          }
          entry.array = ndarray(values, [rows, columns]);
          this.arrived += 1;
        })
        .catch(() => {
          // a gap for now
          entry.array = ndarray(new Float32Array(rows * columns).fill(NaN), [rows, columns]);
          window.setTimeout(() => this.known.delete(key), againMs);
        }),
    };
    this.known.set(key, entry);
    if (this.known.size > mostTiles) {
      const oldest = this.known.keys().next().value;
      if (oldest !== undefined) {
        this.known.delete(oldest);
      }
    }
    throw entry.coming;
  }
}
