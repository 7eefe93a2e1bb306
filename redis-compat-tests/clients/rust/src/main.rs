//! redis-rs: every area of the protocol through the library's typed replies, synchronous and asynchronous.

use redis::streams::{StreamInfoStreamReply, StreamPendingReply, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{cmd, AsyncCommands, Client, Commands, Connection, FromRedisValue, LposOptions, RedisResult, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::io::BufRead;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

/// What was asked for on the command line.
struct Setting {
    port: String,
    resp: String,
    usher: bool,
}

type Check = fn(&Setting, &mut Connection);

impl Setting {
    fn client(&self) -> Client {
        Client::open(format!("redis://127.0.0.1:{}/?protocol=resp{}", self.port, self.resp)).expect("an address")
    }

    fn connect(&self) -> Connection {
        let connection = self.client().get_connection().expect("a connection");
        connection
            .set_read_timeout(Some(Duration::from_secs(15)))
            .expect("a time limit");
        connection
    }
}

fn same<A: Debug + PartialEq<B>, B: Debug>(found: A, wanted: B) {
    assert!(found == wanted, "{found:?} instead of {wanted:?}");
}

fn fails<T: Debug>(result: RedisResult<T>, part: &str) {
    let text = result.expect_err("an error").to_string();
    assert!(text.contains(part), "{text} does not say {part}");
}

fn call<T: FromRedisValue>(r: &mut Connection, words: &str) -> RedisResult<T> {
    let mut parts = words.split(' ');
    let mut command = cmd(parts.next().expect("a command"));
    parts.for_each(|part| {
        command.arg(part);
    });
    command.query(r)
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "not so in time: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn wait_for_blocked(r: &mut Connection, count: usize) {
    let wanted = format!("blocked_clients:{count}\r\n");
    wait_until(&wanted, || {
        call::<String>(r, "INFO clients").expect("INFO").contains(&wanted)
    });
}

fn connection(setting: &Setting, r: &mut Connection) {
    let mut named = setting.connect();
    same(call::<String>(&mut named, "PING"), Ok("PONG".to_string()));
    same(call::<String>(&mut named, "CLIENT SETNAME checks"), Ok("OK".into()));
    same(call::<String>(&mut named, "SELECT 3"), Ok("OK".into()));
    let info: String = call(&mut named, "CLIENT INFO").unwrap();
    assert!(info.contains("name=checks") && info.contains("db=3"), "{info}");
    if setting.usher {
        assert!(
            info.contains("lib-name=redis-rs") && info.contains(&format!("resp={}", setting.resp)),
            "{info}"
        );
    }
    same(named.set("a", 1), Ok(()));
    same(
        (
            call::<i64>(&mut named, "DBSIZE").unwrap(),
            call::<i64>(r, "DBSIZE").unwrap(),
        ),
        (1, 0),
    );
    let policy: HashMap<String, String> = call(r, "CONFIG GET maxmemory-policy").unwrap();
    same(policy["maxmemory-policy"].as_str(), "noeviction");
}

fn strings(_: &Setting, r: &mut Connection) {
    same(r.set("s", "v"), Ok(()));
    same(
        (r.set_nx("s", "w"), r.get("s"), r.get::<_, Option<String>>("none")),
        (Ok(false), Ok("v".to_string()), Ok(None)),
    );
    same(
        (r.incr("n", 42), r.decr("n", 1), r.incr("f", 2.5)),
        (Ok(42), Ok(41), Ok(2.5)),
    );
    same(r.set_ex("t", "1", 60), Ok(()));
    assert!(r.ttl::<_, i64>("t").unwrap() > 50);
    same(r.mset(&[("a", 1), ("b", 2)]), Ok(()));
    same(r.mget(&["a", "none", "b"]), Ok(vec![Some(1), None, Some(2)]));
    same(
        (
            r.append("s", "xyz"),
            r.getrange("s", 1, 2),
            r.exists("s"),
            r.get_del("a"),
        ),
        (Ok(4), Ok("xy".to_string()), Ok(true), Ok(1)),
    );
    same(
        (
            r.setbit("bits", 7, true),
            r.bitcount("bits"),
            r.pfadd("hll", &["a", "b"]),
            r.pfcount("hll"),
        ),
        (Ok(false), Ok(1), Ok(true), Ok(2)),
    );
}

fn hashes(_: &Setting, r: &mut Connection) {
    same(r.hset_multiple("h", &[("f", 1), ("g", 2)]), Ok(()));
    same(
        r.hgetall("h"),
        Ok(BTreeMap::from([("f".to_string(), 1), ("g".to_string(), 2)])),
    );
    same(
        (r.hmget("h", &["f", "x"]), r.hincr("h", "f", 4), r.hexists("h", "x")),
        (Ok((Some(1), None::<i64>)), Ok(5), Ok(false)),
    );
    same(
        (r.hdel("h", &["f", "x"]), r.hlen("h"), r.hincr("h", "g", 0.5)),
        (Ok(1), Ok(1), Ok(2.5)),
    );
}

fn lists_and_sets(_: &Setting, r: &mut Connection) {
    let strings = |words: &str| words.split(' ').map(str::to_string).collect::<Vec<_>>();
    same(
        (r.rpush("l", &["a", "b", "c"]), r.lrange("l", 0, -1)),
        (Ok(3), Ok(strings("a b c"))),
    );
    same(
        (r.lpos("l", "c", LposOptions::default()), r.lpop("l", None)),
        (Ok(2), Ok("a".to_string())),
    );
    same(r.rpop("l", std::num::NonZeroUsize::new(5)), Ok(strings("c b")));
    same(
        (r.sadd("x", &[1, 2, 3]), r.sadd("y", &[3, 4]), r.sinter(&["x", "y"])),
        (Ok(3), Ok(2), Ok(HashSet::from([3]))),
    );
    same(
        (r.sismember("x", 1), r.scard("x"), r.smismember("x", &[1, 9])),
        (Ok(true), Ok(3), Ok(vec![true, false])),
    );
}

fn sorted_sets(_: &Setting, r: &mut Connection) {
    let wanted = vec![
        ("a".to_string(), 1.0),
        ("b".to_string(), 2.5),
        ("c".to_string(), f64::INFINITY),
    ];
    same(
        r.zadd_multiple("zs", &[(1.0, "a"), (2.5, "b"), (f64::INFINITY, "c")]),
        Ok(3),
    );
    same(r.zrange_withscores("zs", 0, -1), Ok(wanted));
    same(
        (r.zscore("zs", "b"), r.zscore("zs", "q"), r.zrank("zs", "c")),
        (Ok(2.5), Ok(None::<f64>), Ok(2)),
    );
    same(
        r.zrangebyscore_limit("zs", "(1", "+inf", 0, 1),
        Ok(vec!["b".to_string()]),
    );
    same(
        (r.zincr("zs", "a", 0.25), r.zcount("zs", "(1", "+inf")),
        (Ok(1.25), Ok(3)),
    );
    same(r.zpopmin("zs", 1), Ok(vec![("a".to_string(), 1.25)]));
    same(r.zunionstore_weights("zu", &[("zs", 2)]), Ok(2));
}

fn streams(setting: &Setting, r: &mut Connection) {
    same(
        (r.xadd("st", "5-1", &[("f", 1)]), r.xadd("st", "5-2", &[("f", 2)])),
        (Ok("5-1".to_string()), Ok("5-2".to_string())),
    );
    let range: StreamRangeReply = r.xrange_all("st").unwrap();
    same(
        (range.ids[0].id.as_str(), range.ids[1].get::<i64>("f")),
        ("5-1", Some(2)),
    );
    same(r.xgroup_create("st", "grp", "0"), Ok(()));
    fails(r.xgroup_create::<_, _, _, ()>("st", "grp", "0"), "BUSYGROUP");
    let options = StreamReadOptions::default().group("grp", "alice").count(1);
    let got: StreamReadReply = r.xread_options(&["st"], &[">"], &options).unwrap();
    same(
        (got.keys[0].key.as_str(), got.keys[0].ids[0].id.as_str()),
        ("st", "5-1"),
    );
    let pending: StreamPendingReply = r.xpending("st", "grp").unwrap();
    same(pending.count(), 1);
    same(r.xack("st", "grp", &["5-1"]), Ok(1));
    let info: StreamInfoStreamReply = r.xinfo_stream("st").unwrap();
    same((info.length, info.last_generated_id.as_str()), (2, "5-2"));
    let mut reader = setting.connect();
    let waiting = thread::spawn(move || {
        let reply: StreamReadReply = reader
            .xread_options(&["st"], &["$"], &StreamReadOptions::default().block(10_000))
            .unwrap();
        reply.keys[0].ids[0].get::<String>("late")
    });
    wait_for_blocked(r, 1);
    same(r.xadd("st", "6-0", &[("late", "x")]), Ok("6-0".to_string()));
    same(waiting.join().unwrap(), Some("x".to_string()));
}

fn pipelines(_: &Setting, r: &mut Connection) {
    let mut pipe = redis::pipe();
    for n in 0..5000 {
        pipe.set(format!("p{n}"), n).ignore().get(format!("p{n}"));
    }
    same(pipe.query(r), Ok((0..5000).collect::<Vec<i64>>()));
    fails(
        redis::pipe().set("p0", "text").incr("p0", 1).query::<Value>(r),
        "not an integer",
    );
    same(r.get("p0"), Ok("text".to_string()));
}

fn transactions(setting: &Setting, r: &mut Connection) {
    same(
        redis::pipe().atomic().set("tx", 1).ignore().incr("tx", 1).query(r),
        Ok((2,)),
    );
    let mut other = setting.connect();
    let mut rounds = 0;
    let result: RedisResult<(i64,)> = redis::transaction(r, &["tx"], |r, pipe| {
        rounds += 1;
        let value: i64 = r.get("tx")?;
        if rounds == 1 {
            other.set::<_, _, ()>("tx", 50)?;
        }
        pipe.set("tx", value + 1).ignore().get("tx").query(r)
    });
    same((result, rounds), (Ok((51,)), 2));
}

fn channels(setting: &Setting, r: &mut Connection) {
    let mut listening = setting.connect();
    let mut listener = listening.as_pubsub();
    listener.subscribe("news").unwrap();
    listener.psubscribe("n*").unwrap();
    same(r.publish("news", "hello"), Ok(2));
    let mut got = BTreeSet::new();
    for _ in 0..2 {
        let message = listener.get_message().unwrap();
        got.insert((
            message.get_pattern::<Option<String>>().unwrap(),
            message.get_payload::<String>().unwrap(),
        ));
    }
    same(
        got,
        BTreeSet::from([
            (None, "hello".to_string()),
            (Some("n*".to_string()), "hello".to_string()),
        ]),
    );
    listener.unsubscribe("news").unwrap();
    drop(listener);
    wait_until("nobody listens", || r.publish::<_, _, i64>("news", "x").unwrap() == 0);
}

fn blocking(setting: &Setting, r: &mut Connection) {
    same(r.blpop("none", 0.1), Ok(None::<(String, String)>));
    let pair = |key: &str, value: &str| (key.to_string(), value.to_string());
    let mut waiting = Vec::new();
    for n in 0..2 {
        let mut client = setting.connect();
        waiting.push(thread::spawn(move || client.blpop::<_, (String, String)>("jobs", 10.0)));
        wait_for_blocked(r, n + 1);
    }
    same(r.rpush("jobs", &["one", "two"]), Ok(2));
    let got: Vec<_> = waiting
        .into_iter()
        .map(|thread| thread.join().unwrap().unwrap())
        .collect();
    same(got, vec![pair("jobs", "one"), pair("jobs", "two")]);
    let mut client = setting.connect();
    let popped = thread::spawn(move || client.bzpopmin::<_, (String, String, f64)>("bz", 10.0));
    wait_for_blocked(r, 1);
    same(r.zadd("bz", "m", 1.5), Ok(1));
    same(popped.join().unwrap(), Ok(("bz".to_string(), "m".to_string(), 1.5)));
}

fn scans(_: &Setting, r: &mut Connection) {
    same(call::<()>(r, "FLUSHDB"), Ok(()));
    let mut pipe = redis::pipe();
    for n in 0..3000 {
        pipe.set(format!("scan:{n}"), 1).ignore().sadd("scan-s", n).ignore();
        pipe.hset("scan-h", n, 1).ignore().zadd("scan-z", n, n).ignore();
    }
    same(pipe.query(r), Ok(()));
    same(count(r.scan_match::<_, String>("scan:*")), 3000);
    same(count(r.sscan::<_, i64>("scan-s")), 3000);
    same(count(r.hscan::<_, (i64, i64)>("scan-h")), 3000);
    same(count(r.zscan::<_, (i64, f64)>("scan-z")), 3000);
}

fn count<T: Debug>(found: RedisResult<redis::Iter<'_, T>>) -> usize
where
    T: FromRedisValue,
{
    found
        .unwrap()
        .map(|item| format!("{item:?}"))
        .collect::<HashSet<_>>()
        .len()
}

fn big_and_binary(_: &Setting, r: &mut Connection) {
    let big: Vec<u8> = (0..1 << 20).map(|n| n as u8).collect();
    same((r.set("big", &big), r.strlen("big")), (Ok(()), Ok(1 << 20)));
    assert!(r.get::<_, Vec<u8>>("big").unwrap() == big);
    let (key, value) = (b"k\0\r\n\xff".to_vec(), b"\0\r\n$5\r\n\xfe".to_vec());
    same((r.set(&key, &value), r.get(&key)), (Ok(()), Ok(value)));
}

fn errors(setting: &Setting, r: &mut Connection) {
    same(r.rpush("alist", 1), Ok(1));
    let error = r.get::<_, String>("alist").unwrap_err();
    same(error.code(), Some("WRONGTYPE"));
    fails(call::<Value>(r, "NOSUCH"), "unknown command");
    fails(call::<Value>(r, "GET"), "wrong number of arguments");
    fails(call::<Value>(r, "SET a b BAD"), "syntax error");
    let wrong = Client::open(format!(
        "redis://nobody:wrong@127.0.0.1:{}/?protocol=resp{}",
        setting.port, setting.resp
    ))
    .unwrap();
    let text = if setting.resp == "3" {
        "WRONGPASS"
    } else {
        "Password authentication failed"
    };
    fails(wrong.get_connection().map(|_| ()), text);
    same(call::<String>(r, "PING"), Ok("PONG".to_string()));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn multiplexed(setting: &Setting, _: &mut Connection) {
    runtime().block_on(async {
        let connection = setting.client().get_multiplexed_async_connection().await.unwrap();
        let calls = (0..1000).map(|_| {
            let mut shared = connection.clone();
            async move { shared.incr::<_, _, i64>("shared", 1).await.unwrap() }
        });
        let mut replies = futures_util::future::join_all(calls).await;
        replies.sort();
        same(replies, (1..=1000).collect::<Vec<i64>>());
    });
}

fn client_side_caching(setting: &Setting, r: &mut Connection) {
    if setting.resp == "2" {
        skip("the library's cache needs RESP3");
    }
    runtime().block_on(async {
        let config = redis::AsyncConnectionConfig::new().set_cache_config(redis::caching::CacheConfig::new());
        let mut cached = setting
            .client()
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .unwrap();
        same(r.set("cc", "1"), Ok(()));
        for _ in 0..2 {
            same(cached.get("cc").await, Ok("1".to_string()));
        }
        let statistics = cached.get_cache_statistics().unwrap();
        same((statistics.hit, statistics.miss), (1, 1));
        same(r.set("cc", "2"), Ok(()));
        for _ in 0..1000 {
            if cached.get::<_, String>("cc").await == Ok("2".to_string()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the old value stays");
    });
}

fn reconnecting(setting: &Setting, r: &mut Connection) {
    runtime().block_on(async {
        let mut manager = redis::aio::ConnectionManager::new(setting.client()).await.unwrap();
        same(manager.set("before", 1).await, Ok(()));
        println!("restart");
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).unwrap();
        same(line.trim(), "restarted");
        for _ in 0..1000 {
            if manager.get::<_, Option<i64>>("before").await == Ok(None) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no answer from the restarted server");
    });
    *r = setting.connect();
}

fn fields(reply: Value) -> HashMap<String, String> {
    let map: HashMap<String, Value> = redis::from_redis_value(reply).expect("a map");
    map.into_iter()
        .map(|(key, value)| (key, redis::from_redis_value::<String>(value).unwrap_or_default()))
        .collect()
}

fn waiting_room(setting: &Setting, r: &mut Connection) {
    if !setting.usher {
        skip("redis-server has no waiting room");
    }
    for (user, status, position) in [("alice", "NEW", "0"), ("bob", "NEW", "1"), ("alice", "WAITING", "0")] {
        let reply = fields(call(r, &format!("ENTERQUEUE show {user}")).unwrap());
        same(
            (reply["status"].as_str(), reply["position"].as_str()),
            (status, position),
        );
    }
    let (user, token): (String, String) = call(r, "MOVEACTIVE show 1 WITHTOKENS").unwrap();
    let status = fields(call(r, "QUEUE STATUS show alice").unwrap());
    same(
        (user.as_str(), status["status"].as_str(), &status["token"]),
        ("alice", "READY", &token),
    );
    same(
        (call(r, "QUEUE ACTIVATE show alice"), r.zcard("queue:wait:{show}")),
        (Ok(1), Ok(1)),
    );
    let mut client = setting.connect();
    let waiting = thread::spawn(move || fields(call(&mut client, "QUEUE WAIT show bob 10000").unwrap()));
    wait_for_blocked(r, 1);
    same(call(r, "MOVEACTIVE show 9"), Ok(vec!["bob".to_string()]));
    same(waiting.join().unwrap()["status"].as_str(), "READY");
    same(call(r, "MOVEACTIVE show 9 JSON"), Ok("[]".to_string()));
}

fn skip(why: &str) -> ! {
    std::panic::panic_any(Skip(why.to_string()))
}

struct Skip(String);

const CHECKS: &[(&str, Check)] = &[
    ("connection", connection),
    ("strings", strings),
    ("hashes", hashes),
    ("lists-and-sets", lists_and_sets),
    ("sorted-sets", sorted_sets),
    ("streams", streams),
    ("pipelines", pipelines),
    ("transactions", transactions),
    ("channels", channels),
    ("blocking", blocking),
    ("scans", scans),
    ("big-and-binary", big_and_binary),
    ("errors", errors),
    ("multiplexed", multiplexed),
    ("client-side-caching", client_side_caching),
    ("reconnecting", reconnecting),
    ("waiting-room", waiting_room),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let setting = Setting {
        port: arguments[1].clone(),
        resp: arguments[2].clone(),
        usher: arguments[3] == "usher",
    };
    std::panic::set_hook(Box::new(|_| {}));
    let mut r = setting.connect();
    call::<()>(&mut r, "FLUSHALL").expect("FLUSHALL");
    for (name, check) in CHECKS {
        match catch_unwind(AssertUnwindSafe(|| check(&setting, &mut r))) {
            Ok(()) => println!("ok {name}"),
            Err(why) => match why.downcast::<Skip>() {
                Ok(skip) => println!("skipped {name}: {}", skip.0),
                Err(why) => {
                    let text = why
                        .downcast_ref::<String>()
                        .cloned()
                        .unwrap_or_else(|| "it panicked".to_string());
                    println!("failed {name}: {}", text.replace('\n', " "));
                    r = setting.connect();
                }
            },
        }
    }
    println!("end");
}
