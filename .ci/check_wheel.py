"""Look into a built wheel: the package, its type marker, one plugin file, and nothing else."""

import sys
from zipfile import ZipFile

PLUGIN = "twisted/plugins/localedge_plugin.py"

names = ZipFile(sys.argv[1]).namelist()
ours = [name for name in names if ".dist-info/" not in name]
metadata = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
problems = [f"not wanted: {name}" for name in ours if not name.startswith("localedge/") and name != PLUGIN]
litter = ("__pycache__", ".pyc", "dropin.cache")
problems += [f"not wanted: {name}" for name in ours if any(part in name for part in litter)]
wanted = ("localedge/__init__.py", "localedge/py.typed", "localedge/cli/__init__.py", PLUGIN)
problems += [f"missing: {name}" for name in wanted if name not in ours]
problems += [f"missing: {name}" for name in ("licenses/LICENSE", "entry_points.txt") if name not in metadata]
if problems:
    sys.exit("\n".join([sys.argv[1], *problems]))
sys.stdout.write(f"{sys.argv[1]}: {len(ours)} files, one of them {PLUGIN}\n")
