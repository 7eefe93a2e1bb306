import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.Consumer;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.KeyValue;
import io.lettuce.core.LMoveArgs;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.CacheFrontend;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Lettuce: every area of the protocol through the library's typed replies, synchronous, asynchronous and reactive. */
final class LettuceChecks {
  private final int port;
  private final boolean resp3;
  private final boolean usher;
  private final RedisClient client;
  private final StatefulRedisConnection<String, String> shared;
  private final RedisCommands<String, String> r;

  private LettuceChecks(String[] args) {
    port = Integer.parseInt(args[0]);
    resp3 = args[1].equals("3");
    usher = args[2].equals("usher");
    client = RedisClient.create(address());
    client.setOptions(
        ClientOptions.builder().protocolVersion(resp3 ? ProtocolVersion.RESP3 : ProtocolVersion.RESP2).build());
    shared = client.connect();
    r = shared.sync();
  }

  private RedisURI address() {
    return RedisURI.Builder.redis("127.0.0.1", port).withTimeout(Duration.ofSeconds(15)).build();
  }

  private void waitForBlocked(int count) throws Exception {
    String wanted = "blocked_clients:" + count + "\r\n";
    Checks.waitUntil(wanted, () -> r.info("clients").contains(wanted));
  }

  private void connection() {
    RedisURI uri = address();
    uri.setClientName("checks");
    uri.setDatabase(3);
    try (StatefulRedisConnection<String, String> connection = client.connect(uri)) {
      RedisCommands<String, String> named = connection.sync();
      Checks.same(
          Checks.all(named.ping(), named.clientGetname(), named.set("a", "1")), Checks.all("PONG", "checks", "OK"));
      Checks.same(Checks.all(named.dbsize(), r.dbsize(), named.echo("x")), Checks.all(1L, 0L, "x"));
      Checks.same(named.configGet("maxmemory-policy"), Map.of("maxmemory-policy", "noeviction"));
      String info = named.clientInfo();
      Checks.same(
          Checks.all(info.contains("name=checks"), info.contains("db=3"), info.contains("resp=" + (resp3 ? 3 : 2))),
          Checks.all(true, true, true));
      if (usher) Checks.same(info.contains("lib-name=Lettuce"), true);
      Checks.same(named.commandCount() > 200, true);
    }
  }

  private void strings() {
    Checks.same(Checks.all(r.set("s", "v"), r.set("s", "w", SetArgs.Builder.nx()), r.get("s"), r.get("none")),
        Checks.all("OK", null, "v", null));
    Checks.same(Checks.all(r.setGet("s", "x", SetArgs.Builder.px(60000)), r.pttl("s") > 50000), Checks.all("v", true));
    Checks.same(Checks.all(r.incr("n"), r.incrby("n", 41), r.incrbyfloat("f", 2.5)), Checks.all(1L, 42L, 2.5));
    Checks.same(Checks.all(r.mset(Map.of("a", "1", "b", "2")), r.mget("a", "none")),
        Checks.all("OK", List.of(KeyValue.just("a", "1"), KeyValue.empty("none"))));
    Checks.same(
        Checks.all(r.getdel("a"), r.exists("a", "b"), r.append("s", "yz"), r.setbit("bits", 7, 1), r.bitcount("bits")),
        Checks.all("1", 1L, 3L, 0L, 1L));
    Checks.same(Checks.all(r.pfadd("hll", "a", "b"), r.pfcount("hll"), r.type("s"), r.objectEncoding("n")),
        Checks.all(1L, 2L, "string", "int"));
  }

  private void hashes() {
    Checks.same(Checks.all(r.hset("h", Map.of("f", "1", "g", "2")), r.hgetall("h")),
        Checks.all(2L, Map.of("f", "1", "g", "2")));
    Checks.same(Checks.all(r.hmget("h", "f", "x"), r.hincrby("h", "f", 4), r.hexists("h", "x")),
        Checks.all(List.of(KeyValue.just("f", "1"), KeyValue.empty("x")), 5L, false));
  }

  private void listsAndSets() {
    Checks.same(Checks.all(r.rpush("l", "a", "b", "c"), r.lrange("l", 0, -1)), Checks.all(3L, List.of("a", "b", "c")));
    Checks.same(Checks.all(r.lmove("l", "m", LMoveArgs.Builder.leftRight()), r.rpop("l", 5), r.lpop("none")),
        Checks.all("a", List.of("c", "b"), null));
    Checks.same(Checks.all(r.sadd("x", "1", "2", "3"), r.sadd("y", "3", "4"), r.sinter("x", "y")),
        Checks.all(3L, 2L, Set.of("3")));
    Checks.same(
        Checks.all(r.smismember("x", "1", "9"), r.smembers("y")), Checks.all(List.of(true, false), Set.of("3", "4")));
  }

  private void sortedSets() {
    Checks.same(r.zadd("zs", ScoredValue.just(1, "a"), ScoredValue.just(2.5, "b"),
                    ScoredValue.just(Double.POSITIVE_INFINITY, "c")),
        3L);
    Checks.same(r.zrangeWithScores("zs", 0, -1),
        List.of(ScoredValue.just(1, "a"), ScoredValue.just(2.5, "b"), ScoredValue.just(Double.POSITIVE_INFINITY, "c")));
    Checks.same(Checks.all(r.zscore("zs", "b"), r.zscore("zs", "q"), r.zmscore("zs", "a", "q"), r.zrank("zs", "c")),
        Checks.all(2.5, null, Checks.all(1.0, null), 2L));
    Checks.same(Checks.all(r.zincrby("zs", 0.25, "a"),
                    r.zcount("zs", Range.from(Range.Boundary.excluding(1.25), Range.Boundary.unbounded()))),
        Checks.all(1.25, 2L));
    Checks.same(Checks.all(r.zrangebyscore("zs", Range.create(2, 99), Limit.create(0, 1)), r.zpopmin("zs")),
        Checks.all(List.of("b"), ScoredValue.just(1.25, "a")));
    r.geoadd("geo", 13.361389, 38.115556, "P");
    r.geoadd("geo", 15.087269, 37.502669, "C");
    Checks.same(Math.round(r.geodist("geo", "P", "C", io.lettuce.core.GeoArgs.Unit.km)), 166L);
  }

  private void streams() throws Exception {
    Checks.same(r.xadd("st", XAddArgs.Builder.maxlen(100), Map.of("f", "0")) != null, true);
    r.del("st");
    Checks.same(Checks.all(r.xadd("st", new XAddArgs().id("5-1"), Map.of("f", "1")),
                    r.xadd("st", new XAddArgs().id("5-2"), Map.of("f", "2"))),
        Checks.all("5-1", "5-2"));
    Checks.same(
        r.xrange("st", Range.unbounded(), Limit.from(1)), List.of(new StreamMessage<>("st", "5-1", Map.of("f", "1"))));
    Checks.same(r.xgroupCreate(StreamOffset.from("st", "0"), "grp"), "OK");
    Checks.fails(() -> r.xgroupCreate(StreamOffset.from("st", "0"), "grp"), "BUSYGROUP");
    List<StreamMessage<String, String>> got =
        r.xreadgroup(Consumer.from("grp", "alice"), XReadArgs.Builder.count(1), StreamOffset.lastConsumed("st"));
    Checks.same(Checks.all(got.size(), got.get(0).getId()), Checks.all(1, "5-1"));
    Checks.same(Checks.all(r.xpending("st", "grp").getCount(), r.xack("st", "grp", "5-1"), r.xlen("st")),
        Checks.all(1L, 1L, 2L));
    Checks.same(r.xinfoStream("st").size() > 10, true);
    try (StatefulRedisConnection<String, String> reader = client.connect()) {
      RedisFuture<List<StreamMessage<String, String>>> waiting =
          reader.async().xread(XReadArgs.Builder.block(10000), StreamOffset.latest("st"));
      waitForBlocked(1);
      r.xadd("st", new XAddArgs().id("6-0"), Map.of("late", "x"));
      Checks.same(waiting.get(10, TimeUnit.SECONDS).get(0).getBody(), Map.of("late", "x"));
    }
  }

  private void pipelines() throws Exception {
    RedisAsyncCommands<String, String> async = shared.async();
    List<RedisFuture<String>> replies = new ArrayList<>();
    shared.setAutoFlushCommands(false);
    for (int n = 0; n < 5000; n++) {
      async.set("p" + n, String.valueOf(n));
      replies.add(async.get("p" + n));
    }
    shared.flushCommands();
    shared.setAutoFlushCommands(true);
    Checks.same(Checks.all(replies.get(0).get(10, TimeUnit.SECONDS), replies.get(4999).get(10, TimeUnit.SECONDS)),
        Checks.all("0", "4999"));
    RedisFuture<Long> wrong = async.incr("alist-of-text");
    async.set("p0", "text");
    RedisFuture<Long> failing = async.incr("p0");
    Checks.same(wrong.get(), 1L);
    Checks.fails(failing::get, "not an integer");
    Long sum = shared.reactive()
                   .incrby("reactive", 5)
                   .flatMap(value -> shared.reactive().incrby("reactive", value))
                   .block(Duration.ofSeconds(10));
    Checks.same(sum, 10L);
  }

  private void transactions() {
    Checks.same(r.multi(), "OK");
    r.set("tx", "1");
    r.incr("tx");
    TransactionResult result = r.exec();
    Checks.same(Checks.all(result.get(0), result.get(1), result.wasDiscarded()), Checks.all("OK", 2L, false));
    r.watch("tx");
    try (StatefulRedisConnection<String, String> other = client.connect()) {
      other.sync().set("tx", "50");
    }
    r.multi();
    r.incr("tx");
    Checks.same(Checks.all(r.exec().wasDiscarded(), r.get("tx")), Checks.all(true, "50"));
  }

  private void channels() throws Exception {
    LinkedBlockingQueue<List<Object>> got = new LinkedBlockingQueue<>();
    try (StatefulRedisPubSubConnection<String, String> listener = client.connectPubSub()) {
      listener.addListener(new RedisPubSubAdapter<>() {
        @Override
        public void message(String channel, String message) {
          got.add(List.of(channel, message));
        }

        @Override
        public void message(String pattern, String channel, String message) {
          got.add(List.of(pattern, channel, message));
        }

        @Override
        public void smessage(String channel, String message) {
          got.add(List.of("sharded", channel, message));
        }
      });
      listener.sync().subscribe("news");
      listener.sync().psubscribe("n*");
      listener.sync().ssubscribe("orders");
      Checks.same(Checks.all(r.publish("news", "hello"), r.spublish("orders", "paid")), Checks.all(2L, 1L));
      Set<Object> three = new HashSet<>();
      for (int n = 0; n < 3; n++) three.add(got.poll(10, TimeUnit.SECONDS));
      Checks.same(three,
          Set.of(List.of("news", "hello"), List.of("n*", "news", "hello"), List.of("sharded", "orders", "paid")));
      Checks.same(Checks.all(r.pubsubChannels(), r.pubsubNumsub("news"), r.pubsubNumpat()),
          Checks.all(List.of("news"), Map.of("news", 1L), 1L));
    }
  }

  private void blocking() throws Exception {
    Checks.same(r.blpop(0.1, "none"), null);
    List<RedisFuture<KeyValue<String, String>>> waiting = new ArrayList<>();
    for (int n = 0; n < 2; n++) {
      waiting.add(client.connect().async().blpop(10, "jobs"));
      waitForBlocked(n + 1);
    }
    r.rpush("jobs", "one", "two");
    Checks.same(Checks.all(waiting.get(0).get(10, TimeUnit.SECONDS), waiting.get(1).get(10, TimeUnit.SECONDS)),
        Checks.all(KeyValue.just("jobs", "one"), KeyValue.just("jobs", "two")));
    RedisFuture<KeyValue<String, ScoredValue<String>>> popped = client.connect().async().bzpopmin(10, "bz");
    waitForBlocked(1);
    r.zadd("bz", 1.5, "m");
    Checks.same(popped.get(10, TimeUnit.SECONDS).getValue(), ScoredValue.just(1.5, "m"));
  }

  private void scans() {
    r.flushdb();
    RedisAsyncCommands<String, String> async = shared.async();
    for (int n = 0; n < 3000; n++) {
      async.set("scan:" + n, "1");
      async.hset("scan-h", "f" + n, "1");
      async.sadd("scan-s", "m" + n);
      async.zadd("scan-z", n, "m" + n);
    }
    Map<String, ScanIterator<?>> iterators = new HashMap<>();
    iterators.put("keys", ScanIterator.scan(r, ScanArgs.Builder.limit(100).match("scan:*")));
    iterators.put("hash", ScanIterator.hscan(r, "scan-h"));
    iterators.put("set", ScanIterator.sscan(r, "scan-s"));
    iterators.put("zset", ScanIterator.zscan(r, "scan-z"));
    iterators.forEach((name, iterator) -> {
      Set<Object> found = new HashSet<>();
      iterator.forEachRemaining(found::add);
      Checks.same(Checks.all(name, found.size()), Checks.all(name, 3000));
    });
    KeyScanCursor<String> first = r.scan();
    Checks.same(first.getKeys().isEmpty(), false);
  }

  private void bigAndBinary() {
    byte[] big = new byte[1 << 20];
    for (int n = 0; n < big.length; n++) big[n] = (byte) n;
    try (StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE)) {
      RedisCommands<byte[], byte[]> binary = connection.sync();
      byte[] key = {'k', 0, '\r', '\n', (byte) 255};
      Checks.same(Checks.all(binary.set(key, big), Arrays.equals(binary.get(key), big), binary.strlen(key)),
          Checks.all("OK", true, 1L << 20));
    }
  }

  private void errors() throws Exception {
    r.rpush("alist", "1");
    Checks.fails(() -> r.get("alist"), "WRONGTYPE");
    Checks.fails(() -> raw("NOSUCH"), "unknown command");
    Checks.fails(() -> raw("GET"), "wrong number of arguments");
    Checks.fails(() -> raw("SET", "a", "b", "BAD"), "syntax error");
    try {
      raw("NOSUCH");
    } catch (RedisCommandExecutionException expected) {
      Checks.same(r.ping(), "PONG");
    }
    RedisURI uri =
        RedisURI.Builder.redis("127.0.0.1", port).withAuthentication("nobody", "wrong".toCharArray()).build();
    // On any server the library now and then says only that the connection was closed: it closes it before it has
    // looked.
    Checks.waitUntil("the error names WRONGPASS", () -> refusalOf(uri).contains("WRONGPASS"));
  }

  private String refusalOf(RedisURI uri) {
    try (StatefulRedisConnection<String, String> connection = client.connect(uri)) {
      throw new AssertionError("connected with a wrong password");
    } catch (RedisException error) {
      return String.valueOf(error.getCause());
    }
  }

  private void clientSideCaching() throws Exception {
    if (!resp3) throw new Checks.Skip("the library's cache needs RESP3");
    Map<String, String> local = new ConcurrentHashMap<>();
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      CacheFrontend<String, String> cache =
          ClientSideCaching.enable(CacheAccessor.forMap(local), connection, TrackingArgs.Builder.enabled());
      r.set("cc", "1");
      Checks.same(Checks.all(cache.get("cc"), local.get("cc")), Checks.all("1", "1"));
      r.set("cc", "2");
      Checks.waitUntil("the old value is gone", () -> !local.containsKey("cc"));
      Checks.same(cache.get("cc"), "2");
    }
  }

  private void reconnecting() throws Exception {
    LinkedBlockingQueue<String> got = new LinkedBlockingQueue<>();
    StatefulRedisPubSubConnection<String, String> listener = client.connectPubSub();
    listener.addListener(new RedisPubSubAdapter<>() {
      @Override
      public void message(String channel, String message) {
        got.add(message);
      }
    });
    listener.sync().subscribe("after");
    r.set("before", "1");
    Checks.restartServer();
    Checks.same(Checks.all(r.get("before"), r.set("before", "2")), Checks.all(null, "OK"));
    Checks.waitUntil("a subscriber", () -> r.publish("after", "x") == 1);
    Checks.same(got.poll(10, TimeUnit.SECONDS), "x");
  }

  /** As Spring Data Redis runs a script: by its digest, and by its text when the server does not know it. */
  private Object run(String script, String[] keys, String... values) {
    try {
      return r.evalsha(r.digest(script), ScriptOutputType.MULTI, keys, values);
    } catch (RedisNoScriptException unknown) {
      return r.eval(script, ScriptOutputType.MULTI, keys, values);
    }
  }

  private void scripts() throws Exception {
    try {
      r.eval("return 1", ScriptOutputType.INTEGER);
    } catch (RedisCommandExecutionException error) {
      if (error.getMessage().contains("unknown command")) throw new Checks.Skip("the server has no EVAL");
      throw error;
    }
    String script = "redis.call('incrby', KEYS[1], ARGV[1]) return {KEYS[1], redis.call('get', KEYS[1]), 3.7}";
    Checks.same(run(script, new String[] {"{sc}n"}, "5"), Checks.all("{sc}n", "5", 3L));
    Checks.same(run(script, new String[] {"{sc}n"}, "5"), Checks.all("{sc}n", "10", 3L));
    Checks.same(
        Checks.all(r.scriptExists(r.digest(script)), r.<Boolean>eval("return 1 == 1", ScriptOutputType.BOOLEAN)),
        Checks.all(List.of(true), true));
    Checks.same(r.<String>eval("return redis.status_reply('FINE')", ScriptOutputType.STATUS), "FINE");
    Checks.fails(() -> r.eval("return redis.error_reply('MINE of old')", ScriptOutputType.STATUS), "MINE of old");
    Checks.fails(() -> r.eval("return nosuch.field", ScriptOutputType.STATUS), "nosuch");
    Checks.same(r.scriptFlush(), "OK");
    Checks.fails(() -> r.evalsha(r.digest(script), ScriptOutputType.MULTI, "k"), "NOSCRIPT");
  }

  private List<Object> raw(String name, String... arguments) { return rawOn(r, name, arguments); }

  private static List<Object> rawOn(RedisCommands<String, String> on, String name, String... arguments) {
    CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8);
    for (String argument : arguments) args.add(argument);
    return on.dispatch(() -> name.getBytes(UTF_8), new NestedMultiOutput<>(StringCodec.UTF8), args);
  }

  private static Map<Object, Object> fields(List<Object> flat) {
    Map<Object, Object> map = new HashMap<>();
    for (int i = 0; i + 1 < flat.size(); i += 2) map.put(flat.get(i), flat.get(i + 1));
    return map;
  }

  private void waitingRoom() throws Exception {
    if (!usher) throw new Checks.Skip("redis-server has no waiting room");
    List<Object> entered = new ArrayList<>();
    for (String user : List.of("alice", "bob", "alice")) {
      Map<Object, Object> reply = fields(raw("ENTERQUEUE", "show", user));
      entered.add(Checks.all(reply.get("status"), reply.get("position")));
    }
    Checks.same(entered, Checks.all(Checks.all("NEW", 0), Checks.all("NEW", 1), Checks.all("WAITING", 0)));
    List<Object> admitted = raw("MOVEACTIVE", "show", "1", "WITHTOKENS");
    Map<Object, Object> status = fields(raw("QUEUE", "STATUS", "show", "alice"));
    Checks.same(admitted, Checks.all("alice", status.get("token")));
    Checks.same(Checks.all(status.get("status"), raw("QUEUE", "ACTIVATE", "show", "alice")),
        Checks.all("READY", Checks.all(1L)));
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      var waiting = Checks.inThread(() -> fields(rawOn(connection.sync(), "QUEUE", "WAIT", "show", "bob", "10000")));
      waitForBlocked(1);
      Checks.same(raw("MOVEACTIVE", "show", "9"), List.of("bob"));
      Checks.same(waiting.get(10, TimeUnit.SECONDS).get("status"), "READY");
    }
    Checks.same(raw("MOVEACTIVE", "show", "9", "JSON"), List.of("[]"));
  }

  public static void main(String[] args) {
    LettuceChecks all = new LettuceChecks(args);
    all.r.flushall();
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
    checks.add("client-side-caching", all::clientSideCaching);
    checks.add("scripts", all::scripts);
    checks.add("reconnecting", all::reconnecting);
    checks.add("waiting-room", all::waitingRoom);
    checks.run();
  }
}
