import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.redisson.Redisson;
import org.redisson.api.BatchResult;
import org.redisson.api.RBatch;
import org.redisson.api.RBlockingQueue;
import org.redisson.api.RBucket;
import org.redisson.api.RCountDownLatch;
import org.redisson.api.RList;
import org.redisson.api.RLock;
import org.redisson.api.RMap;
import org.redisson.api.RMapCache;
import org.redisson.api.RQueue;
import org.redisson.api.RRateLimiter;
import org.redisson.api.RReadWriteLock;
import org.redisson.api.RScoredSortedSet;
import org.redisson.api.RScript;
import org.redisson.api.RSemaphore;
import org.redisson.api.RSet;
import org.redisson.api.RTopic;
import org.redisson.api.RTransaction;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.api.TransactionOptions;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.redisson.config.Protocol;

/**
 * Redisson: its objects, those made of plain commands first, then those that live on scripts (locks, maps, limiters).
 */
final class RedissonChecks {
  private final Config config = new Config();
  private final int port;
  private final boolean usher;
  private final RedissonClient r;

  private RedissonChecks(String[] args) {
    port = Integer.parseInt(args[0]);
    usher = args[2].equals("usher");
    config.setProtocol(args[1].equals("3") ? Protocol.RESP3 : Protocol.RESP2);
    config.setThreads(4).setNettyThreads(4);
    config.setCodec(new StringCodec());
    config.setLockWatchdogTimeout(5000); // a wake-up that Redisson loses (see README.md) costs no more
    config.useSingleServer()
        .setAddress("redis://127.0.0.1:" + args[0])
        .setConnectionMinimumIdleSize(2)
        .setConnectionPoolSize(16)
        .setSubscriptionConnectionMinimumIdleSize(1)
        .setClientName("checks")
        .setRetryAttempts(20)
        .setDnsMonitoringInterval(-1);
    r = Redisson.create(config);
  }

  /** Asked without the library, which tries a script that is refused again and again. */
  private boolean hasScripts() throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.getOutputStream().write("EVAL \"return 1\" 0\r\n".getBytes());
      return socket.getInputStream().read() == ':';
    }
  }

  private void buckets() {
    RBucket<String> bucket = r.getBucket("bucket");
    bucket.set("v");
    Checks.same(
        Checks.all(bucket.get(), bucket.size(), bucket.setIfAbsent("w"), bucket.getAndSet("x"), bucket.isExists()),
        Checks.all("v", 1L, false, "v", true));
    bucket.set("y", Duration.ofSeconds(60));
    Checks.same(
        Checks.all(bucket.remainTimeToLive() > 50000, bucket.delete(), bucket.get()), Checks.all(true, true, null));
    RBucket<byte[]> binary = r.getBucket("binary", ByteArrayCodec.INSTANCE);
    byte[] big = new byte[1 << 20];
    for (int n = 0; n < big.length; n++) big[n] = (byte) n;
    binary.set(big);
    Checks.same(Arrays.equals(binary.get(), big), true);
    r.getBuckets().set(Map.of("b1", "1", "b2", "2"));
    Checks.same(r.getBuckets().get("b1", "b2", "none"), Map.of("b1", "1", "b2", "2"));
  }

  private void counters() {
    Checks.same(Checks.all(r.getAtomicLong("n").incrementAndGet(), r.getAtomicLong("n").addAndGet(41),
                    r.getAtomicDouble("f").addAndGet(2.5)),
        Checks.all(1L, 42L, 2.5));
    r.getHyperLogLog("hll").addAll(List.of("a", "b", "c"));
    r.getBitSet("bits").set(7);
    Checks.same(
        Checks.all(r.getHyperLogLog("hll").count(), r.getBitSet("bits").cardinality(), r.getBitSet("bits").get(7)),
        Checks.all(3L, 1L, true));
  }

  private void collections() {
    RList<String> list = r.getList("list");
    RSet<String> set = r.getSet("set");
    RScoredSortedSet<String> scores = r.getScoredSortedSet("scores");
    RQueue<String> queue = r.getQueue("queue");
    Checks.same(Checks.all(list.add("a"), list.add("b"), list.size(), list.get(1), list.readAll()),
        Checks.all(true, true, 2, "b", List.of("a", "b")));
    Checks.same(Checks.all(set.add("x"), set.add("x"), set.contains("x"), set.readAll(), set.size()),
        Checks.all(true, false, true, Set.of("x"), 1));
    Checks.same(Checks.all(scores.add(2.5, "b"), scores.add(1, "a"), scores.getScore("b"), scores.rank("b")),
        Checks.all(true, true, 2.5, 1));
    Checks.same(Checks.all(queue.offer("one"), queue.offer("two"), queue.poll(), queue.peek(), queue.size()),
        Checks.all(true, true, "one", "two", 1));
  }

  private void blockingQueues() throws Exception {
    RBlockingQueue<String> jobs = r.getBlockingQueue("jobs");
    Checks.same(jobs.poll(100, TimeUnit.MILLISECONDS), null);
    List<CompletableFuture<String>> waiting = new ArrayList<>();
    for (int n = 0; n < 2; n++) waiting.add(Checks.inThread(() -> jobs.poll(10, TimeUnit.SECONDS)));
    Thread.sleep(50);
    jobs.put("one");
    jobs.put("two");
    Set<String> got = new HashSet<>();
    for (CompletableFuture<String> one : waiting) got.add(one.get(10, TimeUnit.SECONDS));
    Checks.same(got, Set.of("one", "two"));
  }

  private void batches() {
    RBatch batch = r.createBatch();
    for (int n = 0; n < 2000; n++) batch.getBucket("batch" + n).setAsync("v" + n);
    batch.getBucket("batch1999").getAsync();
    BatchResult<?> result = batch.execute();
    Checks.same(Checks.all(result.getResponses().size(), result.getResponses().get(2000)), Checks.all(2001, "v1999"));
    RBatch atomic = r.createBatch(org.redisson.api.BatchOptions.defaults().executionMode(
        org.redisson.api.BatchOptions.ExecutionMode.IN_MEMORY_ATOMIC));
    atomic.getAtomicLong("atomic").incrementAndGetAsync();
    atomic.getAtomicLong("atomic").addAndGetAsync(5);
    Checks.same(atomic.execute().getResponses(), List.of(1L, 6L));
  }

  private void topics() throws Exception {
    LinkedBlockingQueue<String> got = new LinkedBlockingQueue<>();
    RTopic topic = r.getTopic("topic");
    int id = topic.addListener(String.class, (channel, message) -> got.add(channel + " " + message));
    r.getPatternTopic("top*").addListener(
        String.class, (pattern, channel, message) -> got.add(pattern + " " + channel + " " + message));
    r.getShardedTopic("orders").addListener(String.class, (channel, message) -> got.add("sharded " + message));
    Checks.same(Checks.all(topic.publish("hello"), r.getShardedTopic("orders").publish("paid")), Checks.all(2L, 1L));
    Set<String> three = new HashSet<>();
    for (int n = 0; n < 3; n++) three.add(got.poll(10, TimeUnit.SECONDS));
    Checks.same(three, Set.of("topic hello", "top* topic hello", "sharded paid"));
    topic.removeListener(id);
    Checks.same(topic.publish("again"), 1L);
  }

  private void scans() {
    RBatch batch = r.createBatch();
    for (int n = 0; n < 3000; n++) {
      batch.getBucket("scan:" + n).setAsync("1");
      batch.getSet("scan-s").addAsync("m" + n);
    }
    batch.execute();
    Set<String> keys = new HashSet<>();
    r.getKeys().getKeysByPattern("scan:*", 100).forEach(keys::add);
    Set<Object> members = new HashSet<>();
    r.getSet("scan-s").iterator().forEachRemaining(members::add);
    Checks.same(Checks.all(keys.size(), members.size(), r.getKeys().count() > 3000), Checks.all(3000, 3000, true));
  }

  private void errors() throws Exception {
    r.getList("alist").add("x");
    Checks.fails(() -> r.getBucket("alist").get(), "WRONGTYPE");
    Checks.fails(() -> r.getAtomicLong("bucket-of-text").addAndGet(wordIn("bucket-of-text")), "not an integer");
  }

  private long wordIn(String name) {
    r.getBucket(name).set("text");
    return 1;
  }

  private void reconnecting() throws Exception {
    LinkedBlockingQueue<String> got = new LinkedBlockingQueue<>();
    r.getTopic("after").addListener(String.class, (channel, message) -> got.add(message));
    r.getBucket("before").set("1");
    Checks.restartServer();
    Checks.waitUntil("an empty server", () -> {
      try {
        return r.getBucket("before").get() == null;
      } catch (RuntimeException error) {
        return false;
      }
    });
    Checks.waitUntil("a subscriber", () -> r.getTopic("after").publish("x") == 1);
    Checks.same(got.poll(10, TimeUnit.SECONDS), "x");
  }

  // ---- on scripts ----

  private void needScripts() throws IOException {
    if (!hasScripts()) throw new Checks.Skip("the server has no EVAL");
  }

  private void scripts() throws Exception {
    needScripts();
    RScript script = r.getScript(StringCodec.INSTANCE);
    String sha = script.scriptLoad("return {KEYS[1], ARGV[1], redis.call('incrby', KEYS[1], ARGV[1])}");
    Checks.same(script.scriptExists(sha), List.of(true));
    List<Object> reply =
        script.evalSha(RScript.Mode.READ_WRITE, sha, RScript.ReturnType.LIST, List.of("{script}n"), "5");
    Checks.same(reply, Checks.all("{script}n", "5", 5L));
  }

  private void maps() throws Exception {
    needScripts();
    RMap<String, String> map = r.getMap("map");
    Checks.same(Checks.all(map.put("a", "1"), map.put("a", "2"), map.fastPut("b", "3"), map.putIfAbsent("b", "4"),
                    map.replace("a", "5")),
        Checks.all(null, "1", true, "3", "2"));
    Checks.same(
        Checks.all(map.readAllMap(), map.remove("a"), map.size()), Checks.all(Map.of("a", "5", "b", "3"), "5", 1));
    RMap<String, Object> numbers = r.getMap("map");
    Checks.same(String.valueOf(numbers.addAndGet("b", 7)), "10");
    RScoredSortedSet<String> scores = r.getScoredSortedSet("polled");
    scores.add(1, "a");
    Checks.same(Checks.all(scores.pollFirst(), scores.pollFirst()), Checks.all("a", null));
    RMapCache<String, String> cache = r.getMapCache("cache");
    cache.put("short", "x", 50, TimeUnit.MILLISECONDS);
    cache.put("long", "y");
    Checks.same(cache.get("long"), "y");
    Checks.waitUntil("the entry is gone", () -> cache.get("short") == null);
    RBucket<String> bucket = r.getBucket("compared");
    bucket.set("1");
    Checks.same(Checks.all(bucket.compareAndSet("0", "2"), bucket.compareAndSet("1", "2"), bucket.getAndDelete()),
        Checks.all(false, true, "2"));
  }

  /** Many threads add to a plain number that only the lock protects. */
  private void underLock(RLock lock, int threads, int rounds) throws Exception {
    int[] number = {0};
    List<CompletableFuture<Object>> workers = new ArrayList<>();
    for (int n = 0; n < threads; n++) {
      workers.add(Checks.inThread(() -> {
        for (int m = 0; m < rounds; m++) {
          lock.lock();
          try {
            int value = number[0];
            Thread.yield();
            number[0] = value + 1;
          } finally {
            lock.unlock();
          }
        }
        return null;
      }));
    }
    for (CompletableFuture<Object> worker : workers) worker.get(30, TimeUnit.SECONDS);
    Checks.same(number[0], threads * rounds);
  }

  private void locks() throws Exception {
    needScripts();
    RLock lock = r.getLock("lock");
    Checks.same(Checks.all(lock.tryLock(), lock.tryLock(), lock.isHeldByCurrentThread(), lock.getHoldCount()),
        Checks.all(true, true, true, 2));
    Checks.same(Checks.inThread(() -> lock.tryLock(50, 1000, TimeUnit.MILLISECONDS)).get(10, TimeUnit.SECONDS), false);
    lock.unlock();
    lock.unlock();
    Checks.same(lock.isLocked(), false);
    Checks.fails(() -> {
      lock.unlock();
      return "unlocked";
    }, "not locked");
    lock.lock(100, TimeUnit.MILLISECONDS);
    Checks.waitUntil("the lease ends", () -> !lock.isLocked());
    underLock(lock, 6, 20);
    underLock(r.getFairLock("fair"), 4, 10);
    underLock(r.getReadWriteLock("rw").writeLock(), 4, 10);
    underLock(r.getMultiLock(r.getLock("m1"), r.getLock("m2")), 2, 5);
    RReadWriteLock both = r.getReadWriteLock("rw2");
    both.readLock().lock();
    Checks.same(Checks.inThread(() -> Checks.all(both.readLock().tryLock(), both.writeLock().tryLock()))
                    .get(10, TimeUnit.SECONDS),
        Checks.all(true, false));
    both.readLock().unlock();
  }

  private void semaphores() throws Exception {
    needScripts();
    RSemaphore semaphore = r.getSemaphore("semaphore");
    Checks.same(Checks.all(semaphore.trySetPermits(3), semaphore.tryAcquire(2), semaphore.tryAcquire(2),
                    semaphore.availablePermits()),
        Checks.all(true, true, false, 1));
    CompletableFuture<Boolean> waiting = Checks.inThread(() -> semaphore.tryAcquire(2, Duration.ofSeconds(10)));
    Thread.sleep(50);
    semaphore.release(1);
    Checks.same(waiting.get(10, TimeUnit.SECONDS), true);
    AtomicInteger inside = new AtomicInteger(), most = new AtomicInteger();
    RSemaphore narrow = r.getSemaphore("narrow");
    narrow.trySetPermits(2);
    List<CompletableFuture<Object>> workers = new ArrayList<>();
    for (int n = 0; n < 6; n++) {
      workers.add(Checks.inThread(() -> {
        narrow.acquire();
        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
        Thread.sleep(5);
        inside.decrementAndGet();
        narrow.release();
        return null;
      }));
    }
    for (CompletableFuture<Object> worker : workers) worker.get(20, TimeUnit.SECONDS);
    Checks.same(most.get() <= 2, true);
    var expirable = r.getPermitExpirableSemaphore("expirable");
    expirable.trySetPermits(1);
    String permit = expirable.acquire(10, TimeUnit.SECONDS);
    Checks.same(
        Checks.all(expirable.tryAcquire() == null, expirable.tryRelease(permit), expirable.tryAcquire() != null),
        Checks.all(true, true, true));
    RCountDownLatch latch = r.getCountDownLatch("latch");
    latch.trySetCount(2);
    CompletableFuture<Boolean> opened = Checks.inThread(() -> latch.await(10, TimeUnit.SECONDS));
    latch.countDown();
    latch.countDown();
    Checks.same(opened.get(15, TimeUnit.SECONDS), true);
  }

  private void limiters() throws Exception {
    needScripts();
    RRateLimiter limiter = r.getRateLimiter("limiter");
    Checks.same(limiter.trySetRate(RateType.OVERALL, 3, Duration.ofMinutes(1)), true);
    Checks.same(
        Checks.all(limiter.tryAcquire(2), limiter.tryAcquire(2), limiter.tryAcquire(1), limiter.availablePermits()),
        Checks.all(true, false, true, 0L));
    Checks.same(r.getIdGenerator("ids").nextId(), 1L);
  }

  private void delayed() throws Exception {
    needScripts();
    RBlockingQueue<String> target = r.getBlockingQueue("delayed-target");
    var delayedQueue = r.getDelayedQueue(target);
    delayedQueue.offer("second", 300, TimeUnit.MILLISECONDS);
    delayedQueue.offer("first", 50, TimeUnit.MILLISECONDS);
    Checks.same(Checks.all(target.poll(10, TimeUnit.SECONDS), target.poll(10, TimeUnit.SECONDS)),
        Checks.all("first", "second"));
    delayedQueue.destroy();
  }

  private void multimapsAndTransactions() throws Exception {
    needScripts();
    var multimap = r.<String, String>getListMultimap("multi");
    Checks.same(
        Checks.all(multimap.put("k", "1"), multimap.put("k", "2"), multimap.get("k").readAll(), multimap.size()),
        Checks.all(true, true, List.of("1", "2"), 2));
    RTransaction transaction = r.createTransaction(TransactionOptions.defaults());
    transaction.<String>getBucket("in-transaction").set("x");
    transaction.<String, String>getMap("map-in-transaction").put("a", "1");
    transaction.commit();
    Checks.same(
        Checks.all(r.getBucket("in-transaction").get(), r.getMap("map-in-transaction").get("a")), Checks.all("x", "1"));
    Checks.same(r.getSet("set").addAllCounted(List.of("x", "y")), 1);
    Checks.same(r.getAtomicLong("n").compareAndSet(42, 50), true);
  }

  private void waitingRoom() throws Exception {
    if (!usher) throw new Checks.Skip("redis-server has no waiting room");
    // Redisson has no raw commands outside of scripts: its objects see the waiting room's keys.
    needScripts();
    RScript script = r.getScript(StringCodec.INSTANCE);
    script.eval(RScript.Mode.READ_WRITE, "return redis.call('ENTERQUEUE', KEYS[1], ARGV[1])", RScript.ReturnType.LIST,
        List.of("show"), "alice");
    Checks.same(r.getScoredSortedSet("queue:wait:{show}").readAll().toString(), "[alice]");
    List<Object> admitted = script.eval(RScript.Mode.READ_WRITE, "return redis.call('MOVEACTIVE', KEYS[1], 1)",
        RScript.ReturnType.LIST, List.of("show"));
    Checks.same(Checks.all(admitted, r.getMap("active:token:{show}:alice").get("status")),
        Checks.all(List.of("alice"), "READY"));
  }

  public static void main(String[] args) {
    RedissonChecks all = new RedissonChecks(args);
    all.r.getKeys().flushall();
    Checks checks = new Checks();
    checks.add("buckets", all::buckets);
    checks.add("counters", all::counters);
    checks.add("collections", all::collections);
    checks.add("blocking-queues", all::blockingQueues);
    checks.add("batches", all::batches);
    checks.add("topics", all::topics);
    checks.add("scans", all::scans);
    checks.add("errors", all::errors);
    checks.add("scripts", all::scripts);
    checks.add("maps", all::maps);
    checks.add("locks", all::locks);
    checks.add("semaphores", all::semaphores);
    checks.add("limiters", all::limiters);
    checks.add("delayed", all::delayed);
    checks.add("multimaps-and-transactions", all::multimapsAndTransactions);
    checks.add("waiting-room", all::waitingRoom);
    checks.add("reconnecting", all::reconnecting);
    checks.run();
  }
}
