#!/bin/sh
# An example that the tests do not run.
# One analysis over several machines with MPI: sbatch slurm-mpi.sh
#SBATCH --job-name=vitrum
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=20G
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
set -eu
# SIGTERM two minutes before the end leaves checkpoints; a job that is queued again goes on from them
exec mpirun --map-by ppr:1:node --bind-to none --mca odls_base_sigkill_timeout 60 \
  vitrum xpcs scan.h5 --partition qmap.h5 --memory 16G --threads "$SLURM_CPUS_PER_TASK" --resume -o result.h5
