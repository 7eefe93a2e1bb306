# shellcheck shell=bash disable=SC2154  # sourced by ./dev, whose helpers it uses
# The suites of ./dev test. A suite returns 0 (passed), 1 (failed) or 77 after setting $why (skipped), and adds what it
# counted with `count PASSED FAILED SKIPPED`; a suite that counts nothing counts as one test.

passed=0
failed=0
skipped=0
counted=""
why=""
suite_begin=0
failures=""  # the file in which the last lines of every failed suite are kept, to be said again at the end

count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  skipped=$((skipped + $3))
  counted="$1 passed, $2 failed, $3 skipped"
}

skip() {
  why=$1
  return 77
}

# listened FILE FILTER COMMAND [ARGUMENT ...]: runs a command in this shell; its output goes through the filter, and as
# it is into the file, which is complete on return.
listened() {
  local file=$1 filter=$2 out listener result
  shift 2
  exec {out}>&1 > >(tee "$file" | "$filter")
  listener=$!
  "$@"
  result=$?
  exec >&"$out" {out}>&-
  wait "$listener"
  return $result
}

# By what doctest, the sanitizers, compilers and our own programs name a failure.
failure_words='FAILED|ERROR|FATAL|error:|SUMMARY|WARNING: ThreadSan|\*\*\*(Failed|Timeout|Exception)'

# suite TITLE FUNCTION [ARGUMENT ...]
suite() {
  local title=$1 failed_before=$failed result
  suite_begin=$SECONDS
  shift
  counted=""
  failures=$scratch/failures
  say "$title"
  listened "$scratch/suite.log" cat "$@"
  result=$?
  if ((result == 77)); then
    skipped=$((skipped + 1))
    printf -- '-- %s: skipped: %s\n' "$title" "$why"
    return
  fi
  [[ -n $counted ]] || count $((result == 0)) $((result != 0)) 0
  # A suite that failed without naming a failed test (a crash, a build error) still counts as a failure.
  ((result != 0 && failed == failed_before)) && failed=$((failed + 1)) && counted+=", then failed (status $result)"
  ((failed > failed_before)) && keep_failures "$title" >>"$failures"
  printf -- '-- %s: %s, %d s\n' "$title" "$counted" $((SECONDS - suite_begin))
}

# What a failed suite said of it, for the end of the output: a log is often cut to its last lines.
keep_failures() {
  printf '\n== failed: %s\n' "$1"
  if grep -qE "$failure_words" "$scratch/suite.log"; then
    grep -E -A 12 "$failure_words" "$scratch/suite.log" | head -120
  else
    tail -40 "$scratch/suite.log"
  fi
}

# Adds up the doctest summaries in ctest's log of a preset.
count_doctest() {
  local numbers
  numbers=$(sed -n 's/^.*test cases: *[0-9]* *| *\([0-9]*\) passed *| *\([0-9]*\) failed *| *\([0-9]*\) skipped.*/\1 \2 \3/p' \
    "$1" | awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}')
  # shellcheck disable=SC2086  # three numbers
  count $numbers
}

# A limit for everything a suite does, in seconds; what it started is stopped when it is over.
limited() {
  local seconds=$1
  shift
  run timeout --foreground --kill-after=20 "$seconds" "$@"
}

# The unit tests of a preset. Sanitizers make a step ten times as dear, so randomised tests take fewer (test_scale.h).
# The ASan build is Clang's, so it also warns where GCC does not, and checks the annotations of -Wthread-safety.
suite_unit() {
  local preset=$1 result target=all scale=1
  case $preset in
    asan) target=check scale=0.2 ;;
    tsan) target=check scale=0.1 ;;
  esac
  build "$preset" "$target" || return 1
  echo "built after $((SECONDS - suite_begin)) s"
  # As for suite_compat.
  [[ ${CI:-} == true ]] && export USHER_TEST_SEED=20261121
  USHER_TEST_SCALE=$scale limited 600 ctest --test-dir "build/$preset" --output-on-failure -j "$JOBS" \
    >"$scratch/ctest.log" 2>&1
  result=$?
  grep -E '^ *[0-9]+/[0-9]+ Test' "$scratch/ctest.log"
  if ((result != 0)); then
    mkdir -p build && cp "$scratch/ctest.log" "build/ctest-$preset.log"
    grep -E -B 5 -A 25 "$failure_words" "$scratch/ctest.log" | head -400
    echo "all output: build/ctest-$preset.log"
  fi
  count_doctest "build/$preset/Testing/Temporary/LastTest.log"
  return $result
}

suite_format() {
  local files
  mapfile -t files < <(sources)
  check_format && echo "${#files[@]} files are formatted"
}

suite_headers() { build release headers_alone | tail -1; return "${PIPESTATUS[0]}"; }

# What must not be printed as it is: a line that a reader of our output would take for our own closing line.
indented() { sed -u 's/^/  /'; }

# Runs a program that closes with 'N passed, N failed, N skipped', and takes over its count.
counting() {
  local result numbers
  listened "$scratch/counted.log" indented "$@"
  result=$?
  numbers=$(sed -n 's/^.*\b\([0-9]\+\) passed, \([0-9]\+\) failed\(, \([0-9]\+\) skipped\)\?.*$/\1 \2 \4/p' "$scratch/counted.log" | tail -1)
  # shellcheck disable=SC2086  # two or three numbers
  [[ -n $numbers ]] && set -- $numbers && count "$1" "$2" "${3:-0}"
  return $result
}

# Suites that mostly wait, for clients that wait, for time-outs, for tools that measure: each line runs beside the others.
BESIDE=("waiting aof" "protocol blocking busy publishing transactions connections tools")

# suite_compat RANDOM_COMMANDS LIMIT_SECONDS
suite_compat() {
  # CI always runs the same stream, so that red means the change and not the draw; at the desk every run draws anew.
  local seed=() others=() names line result numbers
  [[ ${CI:-} == true ]] && seed=(--seed 20261121)
  local compare=(timeout --foreground --kill-after=20 $(($2 + 60)) python3 redis-compat-tests/run.py
    --target build/release/usher-server --commands "$1" --time-limit "$2" "${seed[@]}")
  for line in "${!BESIDE[@]}"; do
    read -ra names <<<"${BESIDE[line]}"
    start "${compare[@]}" "${names[@]/#/--suite=}" >"$scratch/beside-$line.log" 2>&1
    others+=("$child")
  done
  read -ra names <<<"${BESIDE[*]}"
  counting run "${compare[@]}" "${names[@]/#/--all-but=}"
  result=$?
  numbers=$counted
  for line in "${!BESIDE[@]}"; do
    finish "${others[line]}" || result=1
    counting cat "$scratch/beside-$line.log"
    numbers+="; beside it $counted"
  done
  counted=$numbers
  return $result
}

# The packages that are missing are installed if that is possible; the suite reports what it could not have as skipped.
# CI takes Debian's clients only: the others come from registries over the network, run in virtual machines of their own
# and wait for one another, so that a red run would too often say nothing about the change.
suite_clients() {
  (install_packages "$@") || echo "not all of these could be installed: $*"
  local chosen=(--suite clients --suite software)
  if [[ ${CI:-} == true ]]; then
    chosen=(--suite clients --client debian,hiredis,phpredis)
    echo "  skipped: clients and software from registries: CI takes those of Debian's packages; ./dev test runs all"
  fi
  counting limited 1860 python3 redis-compat-tests/run.py --target build/release/usher-server "${chosen[@]}" --time-limit 1800
  local result=$?
  [[ ${CI:-} == true ]] && skipped=$((skipped + 1))
  return $result
}

# Toolchains that CI uses only when they are there.
missing_toolchains() {
  command -v npm >/dev/null || printf '%s\n' nodejs npm
  command -v mvn >/dev/null || printf '%s\n' default-jdk-headless maven
  python3 -c 'import ensurepip' 2>/dev/null || printf '%s\n' python3-venv
}

suite_fuzz_socket() {
  counting limited 300 python3 redis-compat-tests/fuzz_socket.py --server build/asan/usher-server --seconds "$1"
}

suite_opening() {
  start_fresh_server || return 1
  limited 180 build/release/usher-bench opening --port "$server_port" --mode native --time-scale 0.05
  local result=$?
  stop_server || { echo "the server ended with status $?"; result=1; }
  return $result
}

command_test() {
  local only="" quick=no toolchains=() commands=40000 compat_seconds=400 fuzz_seconds=20
  while (($#)); do
    case $1 in
      --quick) quick=yes ;;
      --full) commands=400000 compat_seconds=1800 fuzz_seconds=600 ;;
      --sanitize) only=${2:-}; shift ;;
      --clients) only=clients ;;
      *) die "test knows --quick, --full, --clients and --sanitize address|thread, not $1" ;;
    esac
    shift
  done
  make_scratch
  build_options=(-- --quiet)  # hundreds of lines of progress would hide what failed
  install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  case $only in
    "")
      suite "unit tests, release" suite_unit release
      suite "headers compile alone" suite_headers
      suite "formatting" suite_format
      suite "compatibility with redis-server" suite_compat "$commands" "$compat_seconds"
      suite "client libraries and software on scripts" suite_clients "${CLIENT_PACKAGES[@]}"
      suite "a short opening" suite_opening
      if [[ $quick == no ]]; then
        suite "unit tests, ASan and UBSan" suite_unit asan
        suite "random bytes over sockets, ASan and UBSan" suite_fuzz_socket "$fuzz_seconds"
        suite "unit tests with threads, TSan" suite_unit tsan
      fi
      ;;
    clients)
      build release usher-server || die "the build failed"
      mapfile -t toolchains < <(missing_toolchains)
      suite "client libraries and software on scripts" suite_clients "${CLIENT_PACKAGES[@]}" "${toolchains[@]}"
      ;;
    address) suite "unit tests, ASan and UBSan" suite_unit asan ;;
    thread) suite "unit tests, TSan" suite_unit tsan ;;
    *) die "--sanitize takes address or thread, not $only" ;;
  esac
  [[ -s $failures ]] && cat "$failures"
  printf '\n%d s in all\n%d passed, %d failed, %d skipped\n' "$SECONDS" "$passed" "$failed" "$skipped"
  ((failed == 0))
}
