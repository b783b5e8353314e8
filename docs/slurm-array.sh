#!/bin/sh
# An example that the tests do not run.
# One analysis as an array of SLURM jobs, and a last job that merges the parts:
#   sbatch --array=1-16 slurm-array.sh
#   sbatch --dependency=afterok:JOBID slurm-array.sh merge
#SBATCH --job-name=vitrum
#SBATCH --cpus-per-task=16
#SBATCH --mem=20G
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
set -eu
parts=16

if [ "${1:-}" = merge ]; then
  exec vitrum merge part_*.h5 --memory 16G -o result.h5
fi
# SIGTERM two minutes before the end leaves a checkpoint; a job that is queued again goes on from it
exec vitrum xpcs scan.h5 --partition qmap.h5 --memory 16G --threads "$SLURM_CPUS_PER_TASK" \
  --shard "$SLURM_ARRAY_TASK_ID/$parts" --resume -o "part_$SLURM_ARRAY_TASK_ID.h5"
