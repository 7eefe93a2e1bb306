import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.csc.CacheConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.params.XReadParams;
import redis.clients.jedis.params.ZAddParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.Tuple;

/** Jedis: every area of the protocol through the library's typed replies. */
final class JedisChecks {
  private final int port;
  private final boolean resp3;
  private final boolean usher;
  private Jedis r;

  private JedisChecks(String[] args) {
    port = Integer.parseInt(args[0]);
    resp3 = args[1].equals("3");
    usher = args[2].equals("usher");
    r = connect();
  }

  private DefaultJedisClientConfig.Builder config() {
    return DefaultJedisClientConfig.builder()
        .protocol(resp3 ? RedisProtocol.RESP3 : RedisProtocol.RESP2)
        .socketTimeoutMillis(15000);
  }

  private HostAndPort address() { return new HostAndPort("127.0.0.1", port); }

  private Jedis connect() { return new Jedis(address(), config().build()); }

  private RedisClient.Builder pooled() {
    RedisClient.Builder builder = RedisClient.builder();
    builder.hostAndPort(address()).clientConfig(config().build());
    return builder;
  }

  private void waitForBlocked(int count) throws Exception {
    String wanted = "blocked_clients:" + count + "\r\n";
    Checks.waitUntil(wanted, () -> r.info("clients").contains(wanted));
  }

  private void connection() {
    try (Jedis named = new Jedis(address(), config().clientName("checks").database(3).build())) {
      Checks.same(
          Checks.all(named.ping(), named.clientGetname(), named.set("a", "1")), Checks.all("PONG", "checks", "OK"));
      Checks.same(Checks.all(named.dbSize(), r.dbSize(), named.echo("x")), Checks.all(1L, 0L, "x"));
      Checks.same(named.configGet("maxmemory-policy"), Map.of("maxmemory-policy", "noeviction"));
      String info = named.clientInfo();
      Checks.same(
          Checks.all(info.contains("name=checks"), info.contains("db=3"), info.contains("resp=" + (resp3 ? 3 : 2))),
          Checks.all(true, true, true));
      if (usher) Checks.same(info.contains("lib-name=jedis"), true);
    }
  }

  private void strings() {
    Checks.same(Checks.all(r.set("s", "v"), r.set("s", "w", SetParams.setParams().nx()), r.get("s"), r.get("none")),
        Checks.all("OK", null, "v", null));
    Checks.same(r.setGet("s", "x", SetParams.setParams().px(60000)), "v");
    Checks.same(Checks.all(r.pttl("s") > 50000, r.incr("n"), r.incrBy("n", 41), r.incrByFloat("f", 2.5)),
        Checks.all(true, 1L, 42L, 2.5));
    Checks.same(Checks.all(r.mset("a", "1", "b", "2"), r.mget("a", "none", "b"), r.getDel("a")),
        Checks.all("OK", Checks.all("1", null, "2"), "1"));
    Checks.same(Checks.all(r.exists("a", "b"), r.append("s", "yz"), r.getrange("s", 1, 2), r.setbit("bits", 7, true),
                    r.bitcount("bits")),
        Checks.all(1L, 3L, "yz", false, 1L));
    Checks.same(Checks.all(r.pfadd("hll", "a", "b"), r.pfcount("hll"), r.type("s"), r.objectEncoding("n")),
        Checks.all(1L, 2L, "string", "int"));
  }

  private void hashes() {
    Checks.same(Checks.all(r.hset("h", Map.of("f", "1", "g", "2")), r.hgetAll("h")),
        Checks.all(2L, Map.of("f", "1", "g", "2")));
    Checks.same(Checks.all(r.hmget("h", "f", "x"), r.hincrBy("h", "f", 4), r.hexists("h", "x")),
        Checks.all(Checks.all("1", null), 5L, false));
    Checks.same(Checks.all(r.hdel("h", "f", "x"), r.hlen("h"), r.hincrByFloat("h", "g", 0.5)), Checks.all(1L, 1L, 2.5));
  }

  private void listsAndSets() {
    Checks.same(Checks.all(r.rpush("l", "a", "b", "c"), r.lrange("l", 0, -1)), Checks.all(3L, List.of("a", "b", "c")));
    Checks.same(Checks.all(r.lmove("l", "m", ListDirection.LEFT, ListDirection.RIGHT), r.rpop("l", 5), r.lpop("none")),
        Checks.all("a", List.of("c", "b"), null));
    Checks.same(Checks.all(r.lmpop(ListDirection.LEFT, "none", "m").getValue()), Checks.all(List.of("a")));
    Checks.same(Checks.all(r.sadd("x", "1", "2", "3"), r.sadd("y", "3", "4"), r.sinter("x", "y")),
        Checks.all(3L, 2L, Set.of("3")));
    Checks.same(Checks.all(r.smismember("x", "1", "9"), r.smembers("y"), r.sintercard("x", "y")),
        Checks.all(List.of(true, false), Set.of("3", "4"), 1L));
  }

  private void sortedSets() {
    Checks.same(r.zadd("zs", Map.of("a", 1.0, "b", 2.5, "c", Double.POSITIVE_INFINITY)), 3L);
    Checks.same(r.zrangeWithScores("zs", 0, -1),
        List.of(new Tuple("a", 1.0), new Tuple("b", 2.5), new Tuple("c", Double.POSITIVE_INFINITY)));
    Checks.same(Checks.all(r.zscore("zs", "b"), r.zscore("zs", "q"), r.zmscore("zs", "a", "q"), r.zrank("zs", "c")),
        Checks.all(2.5, null, Checks.all(1.0, null), 2L));
    Checks.same(Checks.all(r.zadd("zs", 5, "a", ZAddParams.zAddParams().gt().ch()), r.zincrby("zs", 0.25, "a"),
                    r.zcount("zs", "(2.5", "+inf")),
        Checks.all(1L, 5.25, 2L));
    Checks.same(Checks.all(r.zrangeByScore("zs", "2", "+inf", 1, 1), r.zpopmin("zs")),
        Checks.all(List.of("a"), new Tuple("b", 2.5)));
    r.geoadd("geo", 13.361389, 38.115556, "P");
    r.geoadd("geo", 15.087269, 37.502669, "C");
    Checks.same(
        Checks.all((long) r.geodist("geo", "P", "C").doubleValue(), r.geopos("geo", "P").get(0).getLongitude() > 13.3),
        Checks.all(166274L, true));
  }

  private void streams() throws Exception {
    StreamEntryID first = new StreamEntryID("5-1");
    Checks.same(r.xadd("st", first, Map.of("f", "1")), first);
    r.xadd("st", new StreamEntryID("5-2"), Map.of("f", "2"));
    Checks.same(
        Checks.all(r.xlen("st"), r.xrange("st", "-", "+").get(0).getFields()), Checks.all(2L, Map.of("f", "1")));
    Checks.same(r.xgroupCreate("st", "grp", new StreamEntryID("0-0"), false), "OK");
    Checks.fails(() -> r.xgroupCreate("st", "grp", new StreamEntryID("0-0"), false), "BUSYGROUP");
    var got = r.xreadGroup("grp", "alice", XReadGroupParams.xReadGroupParams().count(1),
        Map.of("st", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
    Checks.same(Checks.all(got.get(0).getKey(), got.get(0).getValue().get(0).getID()), Checks.all("st", first));
    Checks.same(Checks.all(r.xpending("st", "grp").getTotal(), r.xack("st", "grp", first)), Checks.all(1L, 1L));
    Checks.same(Checks.all(r.xinfoStream("st").getLength(), r.xinfoGroups("st").get(0).getName(),
                    r.xinfoConsumers2("st", "grp").size()),
        Checks.all(2L, "grp", 1));
    var waiting = Checks.inThread(
        () -> connect().xread(XReadParams.xReadParams().block(10000), Map.of("st", StreamEntryID.XREAD_NEW_ENTRY)));
    waitForBlocked(1);
    r.xadd("st", new StreamEntryID("6-0"), Map.of("late", "x"));
    Checks.same(waiting.get(10, TimeUnit.SECONDS).get(0).getValue().get(0).getFields(), Map.of("late", "x"));
  }

  private void pipelines() throws Exception {
    Pipeline pipe = r.pipelined();
    List<Response<String>> replies = new ArrayList<>();
    for (int n = 0; n < 5000; n++) {
      pipe.set("p" + n, String.valueOf(n));
      replies.add(pipe.get("p" + n));
    }
    pipe.sync();
    Checks.same(Checks.all(replies.get(0).get(), replies.get(4999).get()), Checks.all("0", "4999"));
    pipe.set("p0", "text");
    Response<Long> wrong = pipe.incr("p0");
    Response<String> after = pipe.get("p0");
    pipe.sync();
    Checks.fails(wrong::get, "not an integer");
    Checks.same(after.get(), "text");
  }

  private void transactions() {
    Transaction transaction = r.multi();
    transaction.set("tx", "1");
    transaction.incr("tx");
    transaction.hgetAll("none");
    Checks.same(transaction.exec(), List.of("OK", 2L, Map.of()));
    r.watch("tx");
    try (Jedis other = connect()) {
      other.set("tx", "50");
    }
    Transaction aborted = r.multi();
    aborted.incr("tx");
    Checks.same(Checks.all(aborted.exec(), r.get("tx")), Checks.all(null, "50"));
  }

  private void channels() throws Exception {
    LinkedBlockingQueue<List<Object>> got = new LinkedBlockingQueue<>();
    JedisPubSub listener = new JedisPubSub() {
      @Override
      public void onMessage(String channel, String message) {
        got.add(List.of(channel, message));
      }

      @Override
      public void onPMessage(String pattern, String channel, String message) {
        got.add(List.of(pattern, channel, message));
      }

      @Override
      public void onSubscribe(String channel, int count) {
        got.add(List.of("subscribed", channel, count));
      }

      @Override
      public void onPSubscribe(String pattern, int count) {
        got.add(List.of("subscribed", pattern, count));
      }
    };
    CompletableFuture<Object> ended = Checks.inThread(() -> {
      connect().subscribe(listener, "news");
      return "ended";
    });
    Checks.same(got.poll(10, TimeUnit.SECONDS), List.of("subscribed", "news", 1));
    listener.psubscribe("n*");
    Checks.same(got.poll(10, TimeUnit.SECONDS), List.of("subscribed", "n*", 2));
    Checks.same(r.publish("news", "hello"), 2L);
    Set<Object> both = new HashSet<>(Arrays.asList(got.poll(10, TimeUnit.SECONDS), got.poll(10, TimeUnit.SECONDS)));
    Checks.same(both, Set.of(List.of("news", "hello"), List.of("n*", "news", "hello")));
    Checks.same(Checks.all(r.pubsubChannels(), r.pubsubNumSub("news"), r.pubsubNumPat()),
        Checks.all(List.of("news"), Map.of("news", 1L), 1L));
    listener.unsubscribe();
    listener.punsubscribe();
    Checks.same(ended.get(10, TimeUnit.SECONDS), "ended");
  }

  private void blocking() throws Exception {
    Checks.same(r.blpop(0.1, "none"), null);
    List<CompletableFuture<String>> waiting = new ArrayList<>();
    for (int n = 0; n < 2; n++) {
      waiting.add(Checks.inThread(() -> connect().blpop(10.0, "jobs").getValue()));
      waitForBlocked(n + 1);
    }
    r.rpush("jobs", "one", "two");
    Checks.same(Checks.all(waiting.get(0).get(10, TimeUnit.SECONDS), waiting.get(1).get(10, TimeUnit.SECONDS)),
        Checks.all("one", "two"));
    var popped = Checks.inThread(() -> connect().bzpopmin(10.0, "bz"));
    waitForBlocked(1);
    r.zadd("bz", 1.5, "m");
    Checks.same(popped.get(10, TimeUnit.SECONDS).getValue(), new Tuple("m", 1.5));
  }

  private ScanResult<?> pageOf(String name, String cursor) {
    if (name.equals("keys")) return r.scan(cursor, new ScanParams().match("scan:*").count(100));
    if (name.equals("scan-h")) return r.hscan(name, cursor);
    return name.equals("scan-s") ? r.sscan(name, cursor) : r.zscan(name, cursor);
  }

  private void scans() {
    r.flushDB();
    Pipeline pipe = r.pipelined();
    for (int n = 0; n < 3000; n++) {
      pipe.set("scan:" + n, "1");
      pipe.hset("scan-h", "f" + n, "1");
      pipe.sadd("scan-s", "m" + n);
      pipe.zadd("scan-z", n, "m" + n);
    }
    pipe.sync();
    Map<String, Set<Object>> found = new HashMap<>();
    for (String name : List.of("keys", "scan-h", "scan-s", "scan-z")) {
      Set<Object> names = found.computeIfAbsent(name, unused -> new HashSet<>());
      String cursor = ScanParams.SCAN_POINTER_START;
      do {
        ScanResult<?> page = pageOf(name, cursor);
        names.addAll(page.getResult());
        cursor = page.getCursor();
      } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
      Checks.same(Checks.all(name, names.size()), Checks.all(name, 3000));
    }
  }

  private void bigAndBinary() {
    byte[] big = new byte[1 << 20];
    for (int n = 0; n < big.length; n++) big[n] = (byte) n;
    byte[] name = "big".getBytes(UTF_8);
    Checks.same(Checks.all(r.set(name, big), Arrays.equals(r.get(name), big)), Checks.all("OK", true));
    byte[] key = "k\0\r\n\u00ff".getBytes(ISO_8859_1);
    byte[] value = "\0\r\n$5\r\n\u00fe".getBytes(ISO_8859_1);
    Checks.same(Checks.all(r.set(key, value), Arrays.equals(r.get(key), value)), Checks.all("OK", true));
  }

  private void errors() throws Exception {
    r.rpush("alist", "1");
    Checks.fails(() -> r.get("alist"), "WRONGTYPE");
    Checks.fails(() -> r.sendCommand(raw("NOSUCH")), "unknown command");
    Checks.fails(() -> r.sendCommand(raw("GET")), "wrong number of arguments");
    Checks.fails(() -> r.sendCommand(raw("SET"), "a", "b", "BAD"), "syntax error");
    Checks.fails(() -> new Jedis(address(), config().user("nobody").password("wrong").build()), "WRONGPASS");
    Checks.same(r.ping(), "PONG");
  }

  private void pool() throws Exception {
    try (RedisClient pooled = pooled().build()) {
      List<CompletableFuture<Long>> calls = new ArrayList<>();
      for (int n = 0; n < 8; n++) {
        calls.add(Checks.inThread(() -> {
          long last = 0;
          for (int m = 0; m < 100; m++) last = pooled.incr("pooled");
          return last;
        }));
      }
      for (CompletableFuture<Long> call : calls) call.get(20, TimeUnit.SECONDS);
      Checks.same(pooled.get("pooled"), "800");
    }
  }

  private void clientSideCaching() throws Exception {
    if (!resp3) throw new Checks.Skip("the library's cache needs RESP3");
    try (RedisClient cached = pooled().cacheConfig(CacheConfig.builder().maxSize(100).build()).build()) {
      r.set("cc", "1");
      Checks.same(Checks.all(cached.get("cc"), cached.get("cc"), cached.getCache().getSize()), Checks.all("1", "1", 1));
      r.set("cc", "2");
      Checks.waitUntil("the new value", () -> cached.get("cc").equals("2"));
    } catch (JedisException error) {
      if (error.getMessage().contains("7.4")) throw new Checks.Skip(error.getMessage());
      throw error;
    }
  }

  private void reconnecting() throws Exception {
    r.set("before", "1");
    try (RedisClient pooled = pooled().build()) {
      Checks.same(pooled.get("before"), "1");
      Checks.restartServer();
      Checks.waitUntil("an empty server", () -> {
        try {
          return pooled.get("before") == null;
        } catch (JedisConnectionException error) {
          return false;
        }
      });
    }
    r = connect();
  }

  private static ProtocolCommand raw(String name) { return () -> name.getBytes(UTF_8); }

  /** A reply of the waiting room as text: arrays and maps become lists and maps of strings and numbers. */
  private static Object text(Object reply) {
    if (reply instanceof byte[] bytes) return new String(bytes, UTF_8);
    if (reply instanceof List<?> list) {
      // Jedis gives a RESP3 map of an unknown command as a list of pairs.
      boolean pairs =
          !list.isEmpty() && list.stream().allMatch(item -> item instanceof redis.clients.jedis.util.KeyValue);
      List<Object> flat = new ArrayList<>();
      for (Object item : list) {
        if (pairs) {
          flat.add(text(((redis.clients.jedis.util.KeyValue<?, ?>) item).getKey()));
          flat.add(text(((redis.clients.jedis.util.KeyValue<?, ?>) item).getValue()));
        } else {
          flat.add(text(item));
        }
      }
      return flat;
    }
    return reply;
  }

  private static Map<Object, Object> fields(Object reply) {
    List<?> flat = (List<?>) text(reply);
    Map<Object, Object> map = new HashMap<>();
    for (int i = 0; i + 1 < flat.size(); i += 2) map.put(flat.get(i), flat.get(i + 1));
    return map;
  }

  private void waitingRoom() throws Exception {
    if (!usher) throw new Checks.Skip("redis-server has no waiting room");
    List<Object> entered = new ArrayList<>();
    for (String user : List.of("alice", "bob", "alice")) {
      Map<Object, Object> reply = fields(r.sendCommand(raw("ENTERQUEUE"), "show", user));
      entered.add(Checks.all(reply.get("status"), reply.get("position")));
    }
    Checks.same(entered, Checks.all(Checks.all("NEW", 0), Checks.all("NEW", 1), Checks.all("WAITING", 0)));
    List<?> admitted = (List<?>) text(r.sendCommand(raw("MOVEACTIVE"), "show", "1", "WITHTOKENS"));
    Map<Object, Object> status = fields(r.sendCommand(raw("QUEUE"), "STATUS", "show", "alice"));
    Checks.same(admitted, Checks.all("alice", status.get("token")));
    Checks.same(Checks.all(status.get("status"), r.sendCommand(raw("QUEUE"), "ACTIVATE", "show", "alice")),
        Checks.all("READY", 1L));
    var waiting = Checks.inThread(() -> fields(connect().sendCommand(raw("QUEUE"), "WAIT", "show", "bob", "10000")));
    waitForBlocked(1);
    Checks.same(text(r.sendCommand(raw("MOVEACTIVE"), "show", "9")), List.of("bob"));
    Checks.same(waiting.get(10, TimeUnit.SECONDS).get("status"), "READY");
    Checks.same(text(r.sendCommand(raw("MOVEACTIVE"), "show", "9", "JSON")), "[]");
  }

  public static void main(String[] args) {
    JedisChecks all = new JedisChecks(args);
    all.r.flushAll();
    Checks checks = new Checks();
    checks.add("connection", all::connection);
    checks.add("strings", all::strings);
    checks.add("hashes", all::hashes);
    checks.add("lists-and-sets", all::listsAndSets);
    checks.add("sorted-sets", all::sortedSets);
    checks.add("streams", all::streams);
    checks.add("pipelines", all::pipelines);
    checks.add("transactions", all::transactions);
    checks.add("channels", all::channels);
    checks.add("blocking", all::blocking);
    checks.add("scans", all::scans);
    checks.add("big-and-binary", all::bigAndBinary);
    checks.add("errors", all::errors);
    checks.add("pool", all::pool);
    checks.add("client-side-caching", all::clientSideCaching);
    checks.add("reconnecting", all::reconnecting);
    checks.add("waiting-room", all::waitingRoom);
    checks.run();
  }
}
