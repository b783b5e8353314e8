// Takes the place of the package ndarray, which makes its accessors with `new Function`: the content
// security policy of the page allows no code that comes from strings. Arrays in C order, as much as
// is used of them here.
type Values = ArrayLike<number>;

class PlainArray {
  public readonly size: number;
  public readonly stride: number[];
  public readonly offset = 0;
  public readonly dimension: number;
  public readonly dtype: string;

  public constructor(
    public readonly data: Values,
    public readonly shape: number[],
  ) {
    this.dimension = shape.length;
    this.size = shape.reduce((product, length) => product * length, 1);
    this.stride = shape.map((_, i) => shape.slice(i + 1).reduce((p, length) => p * length, 1));
    this.dtype = Array.isArray(data)
      ? 'array'
      : data.constructor.name.replace('Array', '').toLowerCase();
  }

  public index(...at: number[]): number {
    return at.reduce((sum, i, dimension) => sum + i * (this.stride[dimension] ?? 0), 0);
  }

  public get(...at: number[]): number {
    return this.data[this.index(...at)] ?? Number.NaN;
  }
}

export default function ndarray(data: Values, shape: number[] = [data.length]): PlainArray {
  return new PlainArray(data, shape);
}
