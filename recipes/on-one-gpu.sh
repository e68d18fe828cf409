#!/usr/bin/env bash
# A study or a training on a machine with one GPU that is there for minutes and has no network: see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: on-one-gpu.sh check|study|train RECIPE --out DIR [options] [-- OPTIONS OF photochrom]

  check          what the GPU makes of the study and of photochrom-1, in about 30 seconds
  study          photochrom study, as far as the time goes
  train RECIPE   photochrom train, for as long as the time is, and the network file

Leaves in DIR files of at most 15 MiB, the longer ones cut into FILE, FILE.02, FILE.03 ..., and prints their names:
  of a study     study.tar, for --unpack there and here, and report.tar.gz with the report
  of a training  NAME.onnx, log.jsonl, recipe.yaml, results.json where --measure asks for it, and where training was
                 stopped before its end, or no file could be made, run.tar, for --unpack and photochrom export

  --data PATH       photos: a folder or a .tar shard; repeatable. Of one that was cut, the first part
  --unpack FILE     go on with what another call left; repeatable for a study. Of one that was cut, the first part
  --check           of a training: go through all of it in small first, which takes about 30 seconds of the time
  --measure PATH    measure the trained network on these photos; it can be measured at home as well
  --within TIME     seconds, or such as 9m: for all of this, from now on (default: 9m)
  --wheels DIR      install these wheels first, for this call alone
  --work DIR        folder for what is too large to take home (default: a new one)
  --device NAME     cuda, cuda:1, cpu (default: cuda)
  --dry-run         print what would be done

PYTHON is the interpreter that has PyTorch (default: python3). Everything is said in DIR/log.txt too.
TEXT
}

fail() {
  echo "on-one-gpu: $*" >&2
  exit 2
}

seconds() {
  local number=${1%[smh]} unit=${1##*[0-9]}
  [[ $number =~ ^[1-9][0-9]*$ ]] || fail "--within $1: is no time, such as 90s, 9m or 1h"
  case $unit in h) echo $((number * 3600)) ;; m) echo $((number * 60)) ;; *) echo "$number" ;; esac
}

what=${1:-}
case $what in
  check | study) shift ;;
  train)
    recipe=${2:-}
    [[ -n $recipe && $recipe != -* ]] || fail "train: name a recipe, such as photochrom-1"
    shift 2
    ;;
  -h | --help | "") usage && exit 0 ;;
  *) fail "$what: is none of check, study and train; see --help" ;;
esac

data=() unpack=() rest=() measure="" check="" limit=540 wheels="" work="" device=cuda out="" dry=""
while (($#)); do
  case $1 in
    --dry-run) dry=yes && shift && continue ;;
    --check) check=yes && shift && continue ;;
    -h | --help) usage && exit 0 ;;
    --) shift && rest=("$@") && break ;;
  esac
  (($# > 1)) || fail "$1: needs a value; see --help"
  case $1 in
    --data) data+=("$2") ;;
    --unpack) unpack+=("$2") ;;
    --measure) measure=$2 ;;
    --within) limit=$(seconds "$2") ;;
    --wheels) wheels=$2 ;;
    --work) work=$2 ;;
    --device) device=$2 ;;
    --out) out=$2 ;;
    *) fail "$1: is no option; see --help" ;;
  esac
  shift 2
done
[[ -n $out ]] || fail "give --out, the folder for what is to be kept"
[[ $what == check || ${#data[@]} -gt 0 ]] || fail "give --data, the photos"
[[ $what != train || ${#unpack[@]} -le 1 ]] || fail "--unpack: a training goes on from one file"
for path in "${data[@]}" "${unpack[@]}" ${measure:+"$measure"} ${wheels:+"$wheels"}; do
  [[ -e $path ]] || fail "$path: is not there"
done

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}
export PYTHONUNBUFFERED=1
if [[ -n $dry ]]; then
  work=${work:-WORK}
else
  work=${work:-$(mktemp -d)}
  mkdir -p "$out" "$work"
  exec > >(tee "$out/log.txt") 2>&1
  logger=$!
  trap 'exec >&- 2>&-; wait "$logger"' EXIT
fi

run() {
  printf '[%3ds]' "$SECONDS"
  printf ' %q' "$@"
  echo
  [[ -n $dry ]] || "$@"
}

left() { # seconds for a command, when what follows it takes so many
  local all=$((limit - SECONDS - $1))
  ((all > 0)) || fail "no time is left after $SECONDS s of $limit; give a longer --within"
  echo "$all"
}

# What was cut into FILE, FILE.02, FILE.03 ... becomes one file in the work folder; everything else stays where it is.
joined() {
  local parts=("$1") number=2
  while [[ -f $1.$(printf %02d "$number") ]]; do
    parts+=("$1.$(printf %02d "$number")")
    number=$((number + 1))
  done
  if ((${#parts[@]} == 1)) || [[ -n $dry ]]; then
    echo "$1"
    return
  fi
  mkdir -p "$work/joined"
  cat "${parts[@]}" >"$work/joined/$(basename "$1")"
  echo "$work/joined/$(basename "$1")"
}

leave() { # a file, in parts where it is long
  local part number=1
  split --bytes=15M --suffix-length=2 --numeric-suffixes=1 "$1" "$out/.part."
  rm -f "$out/$(basename "$1")" "$out/$(basename "$1")".[0-9][0-9]
  for part in "$out"/.part.*; do
    if ((number == 1)); then mv "$part" "$out/$(basename "$1")"; else mv "$part" "$out/$(basename "$1").${part##*.}"; fi
    number=$((number + 1))
  done
}

if [[ -n $wheels ]]; then
  # Without their requirements: what is there already, above all PyTorch for this GPU, must stay as it is.
  run "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir --upgrade \
    --target "$work/site" "$wheels"/*.whl
  export PYTHONPATH=$work/site${PYTHONPATH:+:$PYTHONPATH}
fi
if [[ -d $home/src/photochrom ]]; then
  export PYTHONPATH=$home/src${PYTHONPATH:+:$PYTHONPATH}
fi
if [[ -z $dry ]]; then
  "$python" - <<'CODE' || exit 2
import sys
from importlib.util import find_spec

needed = ("numpy", "torch", "safetensors", "pydantic", "yaml", "psutil", "rich", "PIL", "pyvips", "array_api_compat",
          "onnx", "onnxruntime", "onnxscript", "matplotlib", "jinja2", "photochrom")
missing = [name for name in needed if find_spec(name) is None]
if missing:
    sys.exit(f"on-one-gpu: {sys.executable} lacks {', '.join(missing)}; bring them with --wheels (docs/training.md)")
CODE
fi
photochrom=("$python" -m photochrom)
photos=()
for path in "${data[@]}"; do photos+=("$(joined "$path")"); done

stop_late() { # a command that has to be over in so many seconds; photochrom saves when it is asked to stop
  run timeout --signal=TERM --kill-after=20 "$@"
}

status=0
case $what in
  check)
    [[ -f $home/benchmarks/gpu_check.py ]] || fail "check: is only in a checkout of photochrom; copy it whole"
    run "$python" "$home/benchmarks/gpu_check.py" --device "$device" "${rest[@]}"
    ;;
  study)
    packs=()
    for path in "${unpack[@]}"; do packs+=(--unpack "$path"); done
    most=$(left 15)
    stop_late $((most + 5)) "${photochrom[@]}" study --data "${photos[@]}" --output "$work/study" \
      --device "$device" --within "${most}s" "${packs[@]}" --pack "$out/study.tar" "${rest[@]}" || status=$?
    [[ -n $dry || -d $work/study ]] || exit "$status"
    run tar -czf "$out/report.tar.gz" -C "$work" --exclude=runs study
    ;;
  train)
    go_on=()
    if ((${#unpack[@]})); then
      run tar -xf "$(joined "${unpack[0]}")" -C "$work"
      go_on=(--resume)
    fi
    after=60 # for the network file
    [[ -z $measure ]] || after=150
    [[ -z $measure ]] || measure=$(joined "$measure")
    if [[ -n $check ]]; then
      [[ -f $home/benchmarks/rehearsal.py ]] || fail "--check: is only in a checkout of photochrom; copy it whole"
      run "$python" "$home/benchmarks/rehearsal.py" "$recipe" --data "${photos[@]}" ${measure:+--measure "$measure"} \
        --device "$device" --within "$(left "$after")" "${rest[@]}"
    fi
    most=$(left "$after")
    stop_late $((most + 20)) "${photochrom[@]}" train "$recipe" --data "${photos[@]}" --output "$work/run" \
      --device "$device" --within "${most}s" "${go_on[@]}" "${rest[@]}" || status=$?
    [[ -n $dry || -f $work/run/checkpoint.safetensors ]] || exit "$status"
    run cp "$work/run/log.jsonl" "$work/run/recipe.yaml" "$out"
    name=$(basename "$recipe" .yaml) exported=0
    run "${photochrom[@]}" export "$work/run" --output "$out/$name.onnx" --weights float16 --overwrite || exported=$?
    if ((status || exported)); then # what was trained is kept, whatever became of its file
      run tar -cf "$work/run.tar" -C "$work" run
      [[ -n $dry ]] || leave "$work/run.tar"
    fi
    ((exported == 0)) || exit "$exported"
    if [[ -n $measure ]]; then
      if most=$(left 5) && stop_late "$most" "${photochrom[@]}" evaluate "$out/$name.onnx" --data "$measure" \
        --output "$work/evaluation" --fast --quiet; then
        run cp "$work/evaluation/results.json" "$out"
      else
        echo "not measured to the end; photochrom evaluate $name.onnx --data PHOTOS does it at home"
      fi
    fi
    ;;
esac
[[ -n $dry ]] && exit
echo "$SECONDS s of $limit; left in $out:"
find "$out" -maxdepth 1 -type f -printf '%10s  %f\n' | sort -k2
exit "$status"
