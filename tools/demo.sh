#!/bin/sh
# A virtual experiment with known truth, analysed from frames to report. Usage: demo.sh VITRUM [FOLDER]
set -eu
vitrum=$1
out=${2:-demo}
mkdir -p "$out"
step() { printf '\n> vitrum %s\n' "$*" && "$vitrum" "$@"; }
step synth xpcs --frames 4000 --height 192 --width 192 --frame-time 1 --model kww --tau 60 --exponent 0.7 \
  --contrast 0.3 --counts 1 --q-bins 4 --hot-pixels 12 --gaps 1500:1520 --drift 0.05 --jitter 0.02 \
  --output "$out/virtual.h5" --overwrite
step mask "$out/virtual.h5" --find-hot --output "$out/mask.npy" --figure "$out/mask.png" --overwrite
step partition "$out/virtual.h5" --mask "$out/mask.npy" --q-bins 4 --static-per-bin 3 \
  --output "$out/qmap.h5" --figure "$out/partition.png" --overwrite
step xpcs "$out/virtual.h5" --mask "$out/mask.npy" --partition "$out/qmap.h5" --models kww,ml \
  --output "$out/result.h5" --overwrite
step report "$out/result.h5" --truth "$out/virtual_truth.h5" --output "$out/report" --overwrite
