# Writes the small files beside it with programs that are not ours: gsd (GSD), MDAnalysis (DCD, XTC), h5py (H5MD), text.
# python3-gsd, python3-mdanalysis, python3-h5py; in.lammps makes the LAMMPS files with lmp. usage: make.py FOLDER
import numpy as np, sys, os
import gsd.hoomd, h5py
import MDAnalysis as mda
rng=np.random.default_rng(5)
out=sys.argv[1]
N,F=60,4
edges=np.array([[6,0,0],[1.5,5,0],[-1,0.7,7.]])
frac=rng.random((N,3))
types=np.arange(N)%3==0
frames=[]
r=frac@edges
for f in range(F):
    frames.append(r.copy()); r=r+0.1*rng.standard_normal((N,3))
def wrap(r):
    s=r@np.linalg.inv(edges); im=np.floor(s).astype(int); return (s-im)@edges, im
np.savetxt(f"{out}/truth.txt",np.concatenate(frames),fmt="%.17g")
# GSD: origin at the centre
with gsd.hoomd.open(f"{out}/small.gsd","wb") as g:
    for f,r in enumerate(frames):
        s=gsd.hoomd.Snapshot(); s.configuration.step=100*f
        s.configuration.box=[6,5,7,1.5/5,-1/7,0.7/7]
        w,im=wrap(r); s.particles.N=N; s.particles.position=w-edges.sum(0)/2; s.particles.image=im
        s.particles.types=["Zr","Cu"]; s.particles.typeid=types.astype(int)
        g.append(s)
u=mda.Universe.empty(N,trajectory=True)
from MDAnalysis.lib.mdamath import triclinic_box
dims=triclinic_box(*edges)
for ext in ("dcd","xtc"):
    with mda.Writer(f"{out}/small.{ext}",N,dt=0.5) as w:
        for f,r in enumerate(frames):
            u.atoms.positions=wrap(r)[0]; u.trajectory.ts.dimensions=dims; u.trajectory.ts.frame=f; u.trajectory.ts.time=0.5*f; u.trajectory.ts.data['step']=10*f
            w.write(u)
with h5py.File(f"{out}/small_h5md.h5","w") as h:
    h.create_group("h5md").attrs["version"]=[1,1]
    p=h.create_group("particles/all")
    w=[wrap(r) for r in frames]
    p["position/value"]=np.array([x[0] for x in w]).astype("f4"); p["position/step"]=np.arange(F)*10; p["position/time"]=np.arange(F)*0.5
    p["position/value"].attrs["unit"]="Angstrom"; p["position/time"].attrs["unit"]="ps"
    p["image/value"]=np.array([x[1] for x in w]).astype("i4")
    p["species"]=np.where(types,29,40); p["box/edges"]=edges
with open(f"{out}/small.xyz","w") as o:
    for f,r in enumerate(frames):
        o.write(f'{N}\nLattice="{" ".join(map(str,edges.ravel()))}" Properties=species:S:1:pos:R:3:id:I:1 Time={0.5*f} Step={10*f} pbc="T T T"\n')
        for i in rng.permutation(N): o.write(("Cu" if types[i] else "Zr")+" "+" ".join(f"{x:.9g}" for x in wrap(r)[0][i])+f" {i+1}\n")
