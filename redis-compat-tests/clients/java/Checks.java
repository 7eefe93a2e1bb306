import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** What the Java programs share: saying how each check went (see program.py of this suite), and small helpers. */
final class Checks {
  interface Check {
    void run() throws Exception;
  }

  static final class Skip extends RuntimeException {
    Skip(String why) { super(why); }
  }

  private static final BufferedReader INPUT = new BufferedReader(new InputStreamReader(System.in));
  private final Map<String, Check> checks = new LinkedHashMap<>();

  void add(String name, Check check) { checks.put(name, check); }

  /** Every check in order; then the process ends, whatever threads a library has left. */
  void run() {
    checks.forEach((name, check) -> {
      try {
        check.run();
        System.out.println("ok " + name);
      } catch (Skip skip) {
        System.out.println("skipped " + name + ": " + skip.getMessage());
      } catch (Throwable error) {
        String text = String.valueOf(error).replaceAll("\\s+", " ");
        System.out.println("failed " + name + ": " + placeOf(error) + text.substring(0, Math.min(600, text.length())));
      }
    });
    System.out.println("end");
    System.exit(0);
  }

  private static String placeOf(Throwable error) {
    return Arrays.stream(error.getStackTrace())
        .filter(frame -> frame.getClassName().matches("(Jedis|Lettuce|Redisson)Checks.*"))
        .findFirst()
        .map(frame -> "line " + frame.getLineNumber() + ": ")
        .orElse("");
  }

  /** Both must be equal; numbers by value. */
  static void same(Object found, Object wanted) {
    if (!Objects.equals(normal(found), normal(wanted))) {
      throw new AssertionError(found + " instead of " + wanted);
    }
  }

  private static Object normal(Object value) {
    if (value instanceof Integer number) return number.longValue();
    if (value instanceof List<?> list) return list.stream().map(Checks::normal).toList();
    return value;
  }

  /** List.of, but nulls are allowed. */
  static List<Object> all(Object... values) { return Arrays.asList(values); }

  static void fails(Callable<?> call, String part) throws Exception {
    Object found;
    try {
      found = call.call();
    } catch (Exception error) {
      for (Throwable cause = error; cause != null; cause = cause.getCause()) {
        if (String.valueOf(cause.getMessage()).contains(part)) return;
      }
      throw new AssertionError(error + " does not say " + part);
    }
    throw new AssertionError(found + " instead of an error that says " + part);
  }

  static void waitUntil(String what, Callable<Boolean> condition) throws Exception {
    for (int tries = 0; tries < 1000; tries++) {
      if (condition.call()) return;
      Thread.sleep(10);
    }
    throw new AssertionError("not so in time: " + what);
  }

  /** The result of a call in a thread of its own. */
  static <T> CompletableFuture<T> inThread(Callable<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        result.complete(call.call());
      } catch (Throwable error) {
        result.completeExceptionally(error);
      }
    });
    thread.setDaemon(true);
    thread.start();
    return result;
  }

  static void restartServer() throws Exception {
    System.out.println("restart");
    same(INPUT.readLine(), "restarted");
  }
}
