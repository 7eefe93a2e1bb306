// go-redis: every area of the protocol through the library's typed replies.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	ctx    = context.Background()
	port   = os.Args[1]
	resp   = must(strconv.Atoi(os.Args[2]))
	server = os.Args[3]
	r      = connect(nil)
)

func connect(edit func(*redis.Options)) *redis.Client {
	options := &redis.Options{Addr: "127.0.0.1:" + port, Protocol: resp, ReadTimeout: 15 * time.Second}
	if edit != nil {
		edit(options)
	}
	return redis.NewClient(options)
}

func waitForBlocked(count int) {
	wanted := fmt.Sprintf("blocked_clients:%d\r\n", count)
	waitUntil(wanted, func() bool { return strings.Contains(must(r.Info(ctx, "clients").Result()), wanted) })
}

// fields makes a map of a reply of the waiting room: a flat array in RESP2.
func fields(reply any) map[string]any {
	out := map[string]any{}
	switch reply := reply.(type) {
	case map[any]any:
		for key, value := range reply {
			out[fmt.Sprint(key)] = value
		}
	case []any:
		for i := 0; i+1 < len(reply); i += 2 {
			out[fmt.Sprint(reply[i])] = reply[i+1]
		}
	}
	return out
}

func connection() {
	named := connect(func(o *redis.Options) { o.ClientName, o.DB = "checks", 3 })
	defer named.Close()
	same(must(named.Ping(ctx).Result()), "PONG")
	same(must(named.ClientGetName(ctx).Result()), "checks")
	info := must(named.ClientInfo(ctx).Result())
	same([]any{info.Name, info.DB}, []any{"checks", 3})
	if server == "usher" {
		same([]any{info.Resp, strings.HasPrefix(info.LibName, "go-redis")}, []any{resp, true})
	}
	same([]any{must(named.Set(ctx, "a", 1, 0).Result()), named.DBSize(ctx).Val(), r.DBSize(ctx).Val()},
		[]any{"OK", 1, 0})
	same(must(named.ConfigGet(ctx, "maxmemory-policy").Result()), map[string]string{"maxmemory-policy": "noeviction"})
	same(must(named.Command(ctx).Result())["get"].Arity, 2)
	same(must(named.Echo(ctx, "x").Result()), "x")
}

func stringValues() {
	same(r.Set(ctx, "s", "v", 0).Val(), "OK")
	same([]any{r.SetNX(ctx, "s", "w", 0).Val(), r.SetXX(ctx, "s", "w", time.Minute).Val()}, []any{false, true})
	same(r.SetArgs(ctx, "s", "x", redis.SetArgs{Get: true, KeepTTL: true}).Val(), "w")
	same(r.TTL(ctx, "s").Val() > 50*time.Second, true)
	same(errors.Is(r.Get(ctx, "none").Err(), redis.Nil), true)
	same([]any{r.Incr(ctx, "n").Val(), r.IncrBy(ctx, "n", 41).Val(), r.IncrByFloat(ctx, "f", 2.5).Val()},
		[]any{1, 42, 2.5})
	same(must(r.Get(ctx, "n").Int()), 42)
	ok(r.MSet(ctx, "a", 1, "b", 2).Err())
	same(r.MGet(ctx, "a", "none", "b").Val(), []any{"1", nil, "2"})
	same([]any{r.GetDel(ctx, "a").Val(), r.GetEx(ctx, "b", time.Minute).Val(), r.Exists(ctx, "a", "b").Val()},
		[]any{"1", "2", 1})
	same([]any{r.SetBit(ctx, "bits", 7, 1).Val(), r.BitCount(ctx, "bits", nil).Val(), r.Append(ctx, "s", "yz").Val()},
		[]any{0, 1, 3})
	same([]any{r.PFAdd(ctx, "hll", "a", "b").Val(), r.PFCount(ctx, "hll").Val(), r.ObjectEncoding(ctx, "n").Val()},
		[]any{1, 2, "int"})
}

func hashes() {
	same(must(r.HSet(ctx, "h", "f", 1, "g", "2").Result()), 2)
	same(r.HGetAll(ctx, "h").Val(), map[string]string{"f": "1", "g": "2"})
	var typed struct {
		F int    `redis:"f"`
		G string `redis:"g"`
	}
	ok(r.HGetAll(ctx, "h").Scan(&typed))
	same([]any{typed.F, typed.G}, []any{1, "2"})
	same(r.HMGet(ctx, "h", "f", "x").Val(), []any{"1", nil})
	same([]any{r.HIncrBy(ctx, "h", "f", 4).Val(), r.HIncrByFloat(ctx, "h", "g", 0.5).Val()}, []any{5, 2.5})
	same(r.HExists(ctx, "h", "x").Val(), false)
	same(len(r.HRandFieldWithValues(ctx, "h", 2).Val()), 2)
}

func lists() {
	same([]any{r.RPush(ctx, "l", "a", "b", "c").Val(), r.LRange(ctx, "l", 0, -1).Val()},
		[]any{3, []string{"a", "b", "c"}})
	same(r.LMove(ctx, "l", "m", "LEFT", "RIGHT").Val(), "a")
	same([]any{r.LPos(ctx, "l", "c", redis.LPosArgs{}).Val(), r.RPopCount(ctx, "l", 5).Val()}, []any{1, []string{"c", "b"}})
	key, values, err := r.LMPop(ctx, "left", 1, "none", "m").Result()
	ok(err)
	same([]any{key, values}, []any{"m", []string{"a"}})
}

func sets() {
	same([]any{r.SAdd(ctx, "x", "a", "b", "c").Val(), r.SAdd(ctx, "y", "b", "c", "d").Val()}, []any{3, 3})
	both := r.SInter(ctx, "x", "y").Val()
	sort.Strings(both)
	same([]any{both, r.SDiff(ctx, "x", "y").Val(), r.SInterCard(ctx, 0, "x", "y").Val()},
		[]any{[]string{"b", "c"}, []string{"a"}, 2})
	same([]any{r.SIsMember(ctx, "x", "a").Val(), r.SMIsMember(ctx, "x", "a", "q").Val()}, []any{true, []bool{true, false}})
	same(len(r.SMembersMap(ctx, "y").Val()), 3)
}

func sortedSets() {
	infinite := math.Inf(1)
	members := []redis.Z{{Score: 1, Member: "a"}, {Score: 2.5, Member: "b"}, {Score: infinite, Member: "c"}}
	same(must(r.ZAdd(ctx, "zs", members...).Result()), 3)
	same(must(r.ZRangeWithScores(ctx, "zs", 0, -1).Result()), members)
	same([]any{r.ZScore(ctx, "zs", "b").Val(), r.ZMScore(ctx, "zs", "a", "q").Val(), r.ZRank(ctx, "zs", "b").Val()},
		[]any{2.5, []float64{1, 0}, 1})
	same(errors.Is(r.ZScore(ctx, "zs", "q").Err(), redis.Nil), true)
	same(r.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "zs", Start: "(1", Stop: "+inf", ByScore: true, Count: 1}).Val(),
		[]string{"b"})
	if server == "usher" {
		rank := must(r.ZRankWithScore(ctx, "zs", "b").Result())
		same([]any{rank.Rank, rank.Score}, []any{1, 2.5})
	}
	same([]any{r.ZIncrBy(ctx, "zs", 0.25, "a").Val(), r.ZCount(ctx, "zs", "(1", "+inf").Val()}, []any{1.25, 3})
	same(r.ZUnionWithScores(ctx, redis.ZStore{Keys: []string{"zs"}, Weights: []float64{2}}).Val()[0],
		redis.Z{Score: 2.5, Member: "a"})
	same(r.ZPopMin(ctx, "zs").Val(), []redis.Z{{Score: 1.25, Member: "a"}})
	palermo := redis.GeoLocation{Name: "P", Longitude: 13.361389, Latitude: 38.115556}
	catania := redis.GeoLocation{Name: "C", Longitude: 15.087269, Latitude: 37.502669}
	ok(r.GeoAdd(ctx, "geo", &palermo, &catania).Err())
	same(math.Round(r.GeoDist(ctx, "geo", "P", "C", "km").Val()), 166.0)
	near := redis.GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 100, RadiusUnit: "km"}
	query := redis.GeoSearchLocationQuery{GeoSearchQuery: near, WithDist: true, WithCoord: true}
	found := must(r.GeoSearchLocation(ctx, "geo", &query).Result())
	same([]any{len(found), found[0].Name, math.Round(found[0].Dist)}, []any{1, "C", 56.0})
}

func streams() {
	same(must(r.XAdd(ctx, &redis.XAddArgs{Stream: "st", ID: "5-1", Values: []string{"f", "1"}}).Result()), "5-1")
	same(must(r.XAdd(ctx, &redis.XAddArgs{Stream: "st", ID: "5-*", Values: []string{"f", "2"}}).Result()), "5-2")
	same(r.XRangeN(ctx, "st", "-", "+", 1).Val(), []redis.XMessage{{ID: "5-1", Values: map[string]any{"f": "1"}}})
	ok(r.XGroupCreate(ctx, "st", "grp", "0").Err())
	fails(r.XGroupCreate(ctx, "st", "grp", "0").Err(), "BUSYGROUP")
	reading := redis.XReadGroupArgs{Group: "grp", Consumer: "alice", Streams: []string{"st", ">"}, Count: 1}
	got := must(r.XReadGroup(ctx, &reading).Result())
	same([]any{got[0].Stream, got[0].Messages[0].ID}, []any{"st", "5-1"})
	pending := must(r.XPending(ctx, "st", "grp").Result())
	same([]any{pending.Count, pending.Consumers}, []any{1, map[string]int64{"alice": 1}})
	all := redis.XPendingExtArgs{Stream: "st", Group: "grp", Start: "-", End: "+", Count: 9}
	same(must(r.XPendingExt(ctx, &all).Result())[0].Consumer, "alice")
	claim := redis.XAutoClaimArgs{Stream: "st", Group: "grp", Consumer: "bob", Start: "0-0"}
	claimed, _, err := r.XAutoClaimJustID(ctx, &claim).Result()
	ok(err)
	same([]any{claimed, r.XAck(ctx, "st", "grp", "5-1").Val()}, []any{[]string{"5-1"}, 1})
	info := must(r.XInfoStream(ctx, "st").Result())
	same([]any{info.Length, info.LastGeneratedID, must(r.XInfoGroups(ctx, "st").Result())[0].Name},
		[]any{2, "5-2", "grp"})
	same(len(must(r.XInfoConsumers(ctx, "st", "grp").Result())), 2)
	same(must(r.XInfoStreamFull(ctx, "st", 5).Result()).Groups[0].Name, "grp")
	late := make(chan []redis.XStream, 1)
	go func() {
		late <- r.XRead(ctx, &redis.XReadArgs{Streams: []string{"st", "$"}, Block: 10 * time.Second}).Val()
	}()
	waitForBlocked(1)
	ok(r.XAdd(ctx, &redis.XAddArgs{Stream: "st", ID: "6-0", Values: []string{"late", "x"}}).Err())
	same((<-late)[0].Messages[0].Values, map[string]any{"late": "x"})
}

func pipelines() {
	commands, err := r.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := 0; n < 5000; n++ {
			pipe.Set(ctx, "p"+strconv.Itoa(n), n, 0)
			pipe.Get(ctx, "p"+strconv.Itoa(n))
		}
		return nil
	})
	ok(err)
	same([]any{len(commands), commands[9999].(*redis.StringCmd).Val()}, []any{10000, "4999"})
	commands, err = r.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "p0", "text", 0)
		pipe.Incr(ctx, "p0")
		pipe.Get(ctx, "p0")
		return nil
	})
	fails(err, "not an integer")
	same([]any{commands[0].Err(), commands[2].(*redis.StringCmd).Val()}, []any{nil, "text"})
}

func transactions() {
	commands, err := r.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "tx", 1, 0)
		pipe.Incr(ctx, "tx")
		return nil
	})
	ok(err)
	same(commands[1].(*redis.IntCmd).Val(), 2)
	err = r.Watch(ctx, func(tx *redis.Tx) error {
		ok(r.Set(ctx, "tx", 50, 0).Err())
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error { return pipe.Incr(ctx, "tx").Err() })
		return err
	}, "tx")
	same([]any{errors.Is(err, redis.TxFailedErr), r.Get(ctx, "tx").Val()}, []any{true, "50"})
	var group sync.WaitGroup
	for n := 0; n < 8; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			increments(20)
		}()
	}
	group.Wait()
	same(r.Get(ctx, "raced").Val(), "160")
}

// increments adds to a counter by reading and writing under WATCH, trying again whenever another one was faster.
func increments(times int) {
	for done := 0; done < times; {
		err := r.Watch(ctx, func(tx *redis.Tx) error {
			value, _ := tx.Get(ctx, "raced").Int()
			_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				return pipe.Set(ctx, "raced", value+1, 0).Err()
			})
			return err
		}, "raced")
		if err == nil {
			done++
		}
	}
}

func channels() {
	listener := r.Subscribe(ctx, "news")
	defer listener.Close()
	must(listener.Receive(ctx))
	ok(listener.PSubscribe(ctx, "n*"))
	must(listener.Receive(ctx))
	same(r.Publish(ctx, "news", "hello").Val(), 2)
	for n := 0; n < 2; n++ {
		message := must(listener.ReceiveMessage(ctx))
		same([]string{message.Channel, message.Payload}, []string{"news", "hello"})
	}
	same([]any{r.PubSubChannels(ctx, "ne*").Val(), r.PubSubNumSub(ctx, "news").Val(), r.PubSubNumPat(ctx).Val()},
		[]any{[]string{"news"}, map[string]int64{"news": 1}, 1})
	ok(listener.Ping(ctx))
	sharded := r.SSubscribe(ctx, "orders")
	defer sharded.Close()
	must(sharded.Receive(ctx))
	same(r.SPublish(ctx, "orders", "paid").Val(), 1)
	same(must(sharded.ReceiveMessage(ctx)).Payload, "paid")
}

func blocking() {
	same(errors.Is(r.BLPop(ctx, time.Second, "none").Err(), redis.Nil), true)
	ok(r.RPush(ctx, "have", "x").Err())
	same(r.BLPop(ctx, time.Second, "none", "have").Val(), []string{"have", "x"})
	replies := []chan []string{make(chan []string, 1), make(chan []string, 1)}
	for n := range replies {
		go func(reply chan []string) { reply <- r.BLPop(ctx, 10*time.Second, "jobs").Val() }(replies[n])
		waitForBlocked(n + 1)
	}
	ok(r.RPush(ctx, "jobs", "one", "two").Err())
	same([]any{<-replies[0], <-replies[1]}, []any{[]string{"jobs", "one"}, []string{"jobs", "two"}})
	popped := make(chan *redis.ZWithKey, 1)
	go func() { popped <- r.BZPopMin(ctx, 10*time.Second, "bz").Val() }()
	waitForBlocked(1)
	ok(r.ZAdd(ctx, "bz", redis.Z{Score: 1.5, Member: "m"}).Err())
	same(*<-popped, redis.ZWithKey{Z: redis.Z{Score: 1.5, Member: "m"}, Key: "bz"})
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	same(connect(func(o *redis.Options) { o.ContextTimeoutEnabled = true }).BLPop(short, 0, "none").Err() != nil, true)
}

func scans() {
	ok(r.FlushDB(ctx).Err())
	_, err := r.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := 0; n < 3000; n++ {
			number := strconv.Itoa(n)
			pipe.Set(ctx, "scan:"+number, 1, 0)
			pipe.HSet(ctx, "scan-h", "f"+number, 1)
			pipe.SAdd(ctx, "scan-s", "m"+number)
			pipe.ZAdd(ctx, "scan-z", redis.Z{Score: float64(n), Member: "m" + number})
		}
		return nil
	})
	ok(err)
	for name, iterator := range map[string]*redis.ScanIterator{
		"keys": r.Scan(ctx, 0, "scan:*", 100).Iterator(),
		"set":  r.SScan(ctx, "scan-s", 0, "", 100).Iterator(),
		"hash": r.HScan(ctx, "scan-h", 0, "f*", 100).Iterator(),
		"zset": r.ZScan(ctx, "scan-z", 0, "m*", 100).Iterator(),
	} {
		found := map[string]bool{}
		for iterator.Next(ctx) {
			value := iterator.Val()
			if value[0] == "sfmm"[map[string]int{"keys": 0, "hash": 1, "set": 2, "zset": 3}[name]] {
				found[value] = true
			}
		}
		ok(iterator.Err())
		same([]any{name, len(found)}, []any{name, 3000})
	}
}

func bigAndBinary() {
	big := bytes.Repeat([]byte{0, 1, 2, 253, 254, 255, '\r', '\n'}, 1<<17)
	ok(r.Set(ctx, "big", big, 0).Err())
	same(bytes.Equal(must(r.Get(ctx, "big").Bytes()), big), true)
	key, value := "k\x00\r\n\xff", "\x00\r\n$5\r\n\xfe"
	ok(r.Set(ctx, key, value, 0).Err())
	same([]any{r.Get(ctx, key).Val(), r.StrLen(ctx, "big").Val()}, []any{value, 1 << 20})
}

func errorTexts() {
	ok(r.RPush(ctx, "alist", 1).Err())
	fails(r.Get(ctx, "alist").Err(), "WRONGTYPE")
	fails(r.Do(ctx, "NOSUCH").Err(), "unknown command")
	fails(r.Do(ctx, "GET").Err(), "wrong number of arguments")
	fails(r.Do(ctx, "SET", "a", "b", "BAD").Err(), "syntax error")
	fails(connect(func(o *redis.Options) { o.Username, o.Password = "nobody", "wrong" }).Ping(ctx).Err(), "WRONGPASS")
	same(must(r.Ping(ctx).Result()), "PONG")
}

func pool() {
	small := connect(func(o *redis.Options) { o.PoolSize = 4 })
	defer small.Close()
	var group sync.WaitGroup
	for n := 0; n < 200; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			small.Incr(ctx, "pooled")
		}()
	}
	group.Wait()
	same([]any{r.Get(ctx, "pooled").Val(), small.PoolStats().TotalConns <= 4}, []any{"200", true})
}

func reconnecting() {
	listener := r.Subscribe(ctx, "after")
	defer listener.Close()
	must(listener.Receive(ctx))
	messages := listener.Channel()
	ok(r.Set(ctx, "before", 1, 0).Err())
	restartServer()
	waitUntil("an empty server", func() bool { return errors.Is(r.Get(ctx, "before").Err(), redis.Nil) })
	waitUntil("a subscriber", func() bool { return r.Publish(ctx, "after", "x").Val() == 1 })
	select {
	case message := <-messages:
		same(message.Payload, "x")
	case <-time.After(10 * time.Second):
		fail("no message")
	}
}

func waitingRoom() {
	if server != "usher" {
		panic(skip("redis-server has no waiting room"))
	}
	for n, wanted := range [][]any{{"alice", "NEW", 0}, {"bob", "NEW", 1}, {"alice", "WAITING", 0}} {
		reply := fields(must(r.Do(ctx, "ENTERQUEUE", "show", wanted[0]).Result()))
		same([]any{n, reply["status"], reply["position"]}, []any{n, wanted[1], wanted[2]})
	}
	admitted := must(r.Do(ctx, "MOVEACTIVE", "show", 1, "WITHTOKENS").Slice())
	status := fields(must(r.Do(ctx, "QUEUE", "STATUS", "show", "alice").Result()))
	same([]any{admitted[0], admitted[1], status["status"]}, []any{"alice", status["token"], "READY"})
	same([]any{r.Do(ctx, "QUEUE", "ACTIVATE", "show", "alice").Val(), r.ZCard(ctx, "queue:wait:{show}").Val()},
		[]any{1, 1})
	waiting := make(chan any, 1)
	go func() { waiting <- r.Do(ctx, "QUEUE", "WAIT", "show", "bob", 10000).Val() }()
	waitForBlocked(1)
	same([]any{r.Do(ctx, "MOVEACTIVE", "show", 9).Val(), fields(<-waiting)["status"]}, []any{[]any{"bob"}, "READY"})
	same(r.Do(ctx, "MOVEACTIVE", "show", 9, "JSON").Val(), "[]")
}

func main() {
	ok(r.FlushAll(ctx).Err())
	runAll([]check{
		{"connection", connection}, {"strings", stringValues}, {"hashes", hashes}, {"lists", lists}, {"sets", sets},
		{"sorted-sets", sortedSets}, {"streams", streams}, {"pipelines", pipelines}, {"transactions", transactions},
		{"channels", channels}, {"blocking", blocking}, {"scans", scans}, {"big-and-binary", bigAndBinary},
		{"errors", errorTexts}, {"pool", pool}, {"reconnecting", reconnecting}, {"waiting-room", waitingRoom},
	})
}
