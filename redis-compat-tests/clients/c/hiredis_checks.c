// hiredis: the synchronous and the asynchronous interface, reply types, pipelines, subscriptions, reconnecting.
// A check is a function; EXPECT ends the check that it is in with a message. One thread.
#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int port;
static int usher;
static redisContext* r;
static jmp_buf check_end;
static char detail[512];

enum { kFailed = 1, kSkipped = 2 };

#define EXPECT(condition)                                                           \
  do {                                                                              \
    if (!(condition)) {                                                             \
      snprintf(detail, sizeof detail, "line %d: not so: %s", __LINE__, #condition); \
      longjmp(check_end, kFailed);                                                  \
    }                                                                               \
  } while (0)

static redisContext* Connect(void) {
  const struct timeval limit = {15, 0};
  redisContext* context = redisConnectWithTimeout("127.0.0.1", port, limit);
  EXPECT(context != NULL && context->err == 0);
  redisSetTimeout(context, limit);
  return context;
}

// One command; the reply is freed by the next call.
static redisReply* CallOn(redisContext* context, const char* format, ...) {
  static redisReply* last = NULL;
  va_list args;
  va_start(args, format);
  redisReply* reply = redisvCommand(context, format, args);
  va_end(args);
  if (reply == NULL) {
    snprintf(detail, sizeof detail, "%s: %s", format, context->errstr);
    longjmp(check_end, kFailed);
  }
  if (last != NULL) freeReplyObject(last);
  last = reply;
  return reply;
}
#define CALL(...) CallOn(r, __VA_ARGS__)

static int IsText(const redisReply* reply, const char* text) {
  return (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) && strcmp(reply->str, text) == 0;
}

static int IsInteger(const redisReply* reply, long long value) {
  return reply->type == REDIS_REPLY_INTEGER && reply->integer == value;
}

static int IsError(const redisReply* reply, const char* part) {
  return reply->type == REDIS_REPLY_ERROR && strstr(reply->str, part) != NULL;
}

// Whether the reply is an array of exactly these strings, written with blanks between them.
static int IsList(const redisReply* reply, const char* words) {
  char text[4096] = "";
  if (reply->type != REDIS_REPLY_ARRAY) return 0;
  for (size_t i = 0; i < reply->elements; i++) {
    const redisReply* element = reply->element[i];
    char number[32];
    snprintf(number, sizeof number, "%lld", element->integer);
    const char* word = element->type == REDIS_REPLY_INTEGER ? number
                       : element->type == REDIS_REPLY_NIL   ? "nil"
                                                            : element->str;
    if (i > 0) strcat(text, " ");
    strncat(text, word == NULL ? "?" : word, sizeof text - strlen(text) - 2);
  }
  return strcmp(text, words) == 0;
}

// The value of a field in a flat array of pairs.
static const redisReply* Field(const redisReply* reply, const char* name) {
  for (size_t i = 0; i + 1 < reply->elements; i += 2) {
    if (strcmp(reply->element[i]->str, name) == 0) return reply->element[i + 1];
  }
  EXPECT(!"the field is there");
  return NULL;
}

static void WaitForBlocked(int count) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "blocked_clients:%d\r\n", count);
  for (int tries = 0; tries < 1000; tries++) {
    if (strstr(CALL("INFO clients")->str, wanted) != NULL) return;
    usleep(10000);
  }
  EXPECT(!"the clients are blocked");
}

static void Connection(void) {
  EXPECT(IsText(CALL("PING"), "PONG"));
  EXPECT(IsText(CALL("CLIENT SETNAME checks"), "OK"));
  EXPECT(IsText(CALL("CLIENT GETNAME"), "checks"));
  redisReply* hello = CALL("HELLO 2");
  EXPECT(hello->type == REDIS_REPLY_ARRAY && IsInteger(Field(hello, "proto"), 2));
  EXPECT(IsText(Field(hello, "server"), "redis"));
  if (usher) EXPECT(IsText(CALL("CLIENT SETINFO LIB-NAME hiredis"), "OK"));
  EXPECT(IsText(CALL("SELECT 3"), "OK") && IsText(CALL("SELECT 0"), "OK"));
  EXPECT(strstr(CALL("CLIENT INFO")->str, "name=checks") != NULL);
}

static void Strings(void) {
  EXPECT(IsText(CALL("SET s %s", "v"), "OK"));
  EXPECT(CALL("SET s w NX")->type == REDIS_REPLY_NIL);
  EXPECT(IsText(CALL("GET s"), "v") && CALL("GET none")->type == REDIS_REPLY_NIL);
  EXPECT(IsInteger(CALL("INCRBY n %d", 42), 42) && IsText(CALL("INCRBYFLOAT f 2.5"), "2.5"));
  EXPECT(IsText(CALL("MSET a 1 b 2"), "OK") && IsList(CALL("MGET a none b"), "1 nil 2"));
  EXPECT(IsText(CALL("SET t x PX 60000"), "OK") && CALL("PTTL t")->integer > 50000);
}

static void Hashes(void) {
  EXPECT(IsInteger(CALL("HSET h f 1 g 2"), 2) && IsList(CALL("HMGET h f x g"), "1 nil 2"));
  EXPECT(IsText(Field(CALL("HGETALL h"), "g"), "2") && IsInteger(CALL("HINCRBY h f 4"), 5));
  EXPECT(IsInteger(CALL("HDEL h f x"), 1) && IsInteger(CALL("HLEN h"), 1));
}

static void ListsAndSets(void) {
  EXPECT(IsInteger(CALL("RPUSH l a b c"), 3) && IsList(CALL("LRANGE l 0 -1"), "a b c"));
  EXPECT(IsText(CALL("LPOP l"), "a") && IsList(CALL("RPOP l 5"), "c b") && CALL("LPOP l")->type == REDIS_REPLY_NIL);
  EXPECT(IsInteger(CALL("SADD x 1 2 3"), 3) && IsInteger(CALL("SADD y 3 4"), 2) && IsList(CALL("SINTER x y"), "3"));
  EXPECT(IsList(CALL("SMISMEMBER x 1 9"), "1 0") && IsInteger(CALL("SCARD x"), 3));
}

static void SortedSets(void) {
  EXPECT(IsInteger(CALL("ZADD z 1 a 2.5 b %s c", "inf"), 3));
  EXPECT(IsList(CALL("ZRANGE z 0 -1 WITHSCORES"), "a 1 b 2.5 c inf"));
  EXPECT(IsList(CALL("ZRANGEBYSCORE z (1 +inf LIMIT 0 1"), "b") && IsInteger(CALL("ZRANK z c"), 2));
  EXPECT(IsText(CALL("ZINCRBY z 0.25 a"), "1.25") && IsList(CALL("ZPOPMIN z"), "a 1.25"));
}

static void Streams(void) {
  EXPECT(IsText(CALL("XADD st 5-1 f 1"), "5-1") && IsText(CALL("XADD st 5-2 f 2"), "5-2"));
  redisReply* range = CALL("XRANGE st - +");
  EXPECT(range->elements == 2 && IsText(range->element[0]->element[0], "5-1"));
  EXPECT(IsList(range->element[1]->element[1], "f 2"));
  EXPECT(IsText(CALL("XGROUP CREATE st g 0"), "OK") && IsError(CALL("XGROUP CREATE st g 0"), "BUSYGROUP"));
  redisReply* got = CALL("XREADGROUP GROUP g alice COUNT 1 STREAMS st >");
  EXPECT(IsText(got->element[0]->element[1]->element[0]->element[0], "5-1"));
  EXPECT(IsInteger(CALL("XACK st g 5-1"), 1) && IsInteger(CALL("XPENDING st g")->element[0], 0));
}

static void Pipelines(void) {
  enum { kCommands = 10000 };
  void* reply;
  for (int n = 0; n < kCommands; n++) EXPECT(redisAppendCommand(r, "SET p%d %d", n, n) == REDIS_OK);
  redisAppendCommand(r, "GET p%d", kCommands - 1);
  redisAppendCommand(r, "LPUSH p1 x");
  for (int n = 0; n < kCommands; n++) {
    EXPECT(redisGetReply(r, &reply) == REDIS_OK && IsText(reply, "OK"));
    freeReplyObject(reply);
  }
  EXPECT(redisGetReply(r, &reply) == REDIS_OK && IsText(reply, "9999"));
  freeReplyObject(reply);
  EXPECT(redisGetReply(r, &reply) == REDIS_OK && IsError(reply, "WRONGTYPE"));
  freeReplyObject(reply);
}

static void Transactions(void) {
  redisContext* other = Connect();
  EXPECT(IsText(CALL("MULTI"), "OK") && IsText(CALL("SET tx 1"), "QUEUED") && IsText(CALL("INCR tx"), "QUEUED"));
  EXPECT(IsList(CALL("EXEC"), "OK 2"));
  EXPECT(IsText(CALL("WATCH tx"), "OK") && IsText(CallOn(other, "SET tx 9"), "OK"));
  EXPECT(IsText(CALL("MULTI"), "OK") && IsText(CALL("INCR tx"), "QUEUED") && CALL("EXEC")->type == REDIS_REPLY_NIL);
  EXPECT(IsText(CALL("MULTI"), "OK") && IsError(CALL("NOSUCH"), "unknown command") &&
         IsError(CALL("EXEC"), "EXECABORT"));
  EXPECT(IsText(CALL("GET tx"), "9"));
  redisFree(other);
}

static void Channels(void) {
  redisContext* listener = Connect();
  void* message;
  EXPECT(IsList(CallOn(listener, "SUBSCRIBE news"), "subscribe news 1"));
  EXPECT(IsList(CallOn(listener, "PSUBSCRIBE n*"), "psubscribe n* 2"));
  EXPECT(IsList(CallOn(listener, "SSUBSCRIBE shard"), "ssubscribe shard 1"));
  EXPECT(IsInteger(CALL("PUBLISH news hello"), 2) && IsInteger(CALL("SPUBLISH shard paid"), 1));
  const char* wanted[] = {"message news hello", "pmessage n* news hello", "smessage shard paid"};
  for (int n = 0; n < 3; n++) {
    EXPECT(redisGetReply(listener, &message) == REDIS_OK && IsList(message, wanted[n]));
    freeReplyObject(message);
  }
  EXPECT(IsList(CallOn(listener, "UNSUBSCRIBE"), "unsubscribe news 1"));
  redisFree(listener);
}

// A client that blocks, in a thread; hiredis contexts are not shared between threads.
struct Blocked {
  const char* command;
  char reply[64];
};

static void* Block(void* given) {
  struct Blocked* blocked = given;
  redisContext* context = redisConnect("127.0.0.1", port);
  redisReply* reply = redisCommand(context, blocked->command);
  const redisReply* last =
      reply != NULL && reply->type == REDIS_REPLY_ARRAY ? reply->element[reply->elements - 1] : reply;
  snprintf(blocked->reply, sizeof blocked->reply, "%s", last != NULL && last->str != NULL ? last->str : "nothing");
  if (reply != NULL) freeReplyObject(reply);
  redisFree(context);
  return NULL;
}

static void Blocking(void) {
  struct Blocked clients[] = {{"BLPOP jobs 10", ""}, {"BLPOP jobs 10", ""}, {"BLMOVE from to RIGHT LEFT 10", ""}};
  pthread_t threads[3];
  EXPECT(CALL("BLPOP none 0.1")->type == REDIS_REPLY_NIL);
  for (int n = 0; n < 3; n++) {
    EXPECT(pthread_create(&threads[n], NULL, Block, &clients[n]) == 0);
    WaitForBlocked(n + 1);
  }
  EXPECT(IsInteger(CALL("RPUSH jobs one two"), 2) && IsInteger(CALL("RPUSH from item"), 1));
  for (int n = 0; n < 3; n++) pthread_join(threads[n], NULL);
  EXPECT(strcmp(clients[0].reply, "one") == 0 && strcmp(clients[1].reply, "two") == 0);
  EXPECT(strcmp(clients[2].reply, "item") == 0);
}

static void Scans(void) {
  int found = 0;
  char cursor[32] = "0";
  for (int n = 0; n < 3000; n++) redisAppendCommand(r, "SADD scan-s m%d", n);
  for (int n = 0; n < 3000; n++) {
    void* reply;
    EXPECT(redisGetReply(r, &reply) == REDIS_OK);
    freeReplyObject(reply);
  }
  do {
    redisReply* page = CALL("SSCAN scan-s %s COUNT 100", cursor);
    found += (int)page->element[1]->elements;
    snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
  } while (strcmp(cursor, "0") != 0);
  EXPECT(found == 3000);
}

static void BigValues(void) {
  enum { kBytes = 1 << 20 };
  char* big = malloc(kBytes);
  for (int n = 0; n < kBytes; n++) big[n] = (char)n;
  EXPECT(IsText(CALL("SET big %b", big, (size_t)kBytes), "OK"));
  redisReply* reply = CALL("GET big");
  const int equal = reply->len == kBytes && memcmp(reply->str, big, kBytes) == 0;
  free(big);
  EXPECT(equal);
}

static void Binary(void) {
  const char key[] = "k\0\r\n\xff", value[] = "\0\r\n$5\r\n\xfe";
  EXPECT(IsText(CALL("SET %b %b", key, sizeof key, value, sizeof value), "OK"));
  redisReply* reply = CALL("GET %b", key, sizeof key);
  EXPECT(reply->len == sizeof value && memcmp(reply->str, value, sizeof value) == 0);
}

static void Errors(void) {
  CALL("RPUSH alist 1");
  EXPECT(IsError(CALL("GET alist"), "WRONGTYPE") && IsError(CALL("GET"), "wrong number of arguments"));
  EXPECT(IsError(CALL("SET a b BAD"), "syntax error") && IsError(CALL("AUTH wrong"), "ERR AUTH"));
  EXPECT(IsText(CALL("PING"), "PONG"));
}

static void Tracking(void) {
  redisContext *reader = Connect(), *listener = Connect();
  void* message;
  const long long id = CallOn(listener, "CLIENT ID")->integer;
  EXPECT(IsList(CallOn(listener, "SUBSCRIBE __redis__:invalidate"), "subscribe __redis__:invalidate 1"));
  EXPECT(IsText(CallOn(reader, "CLIENT TRACKING ON REDIRECT %lld", id), "OK"));
  CallOn(reader, "GET cached");
  CALL("SET cached 1");
  EXPECT(redisGetReply(listener, &message) == REDIS_OK);
  EXPECT(IsList(((redisReply*)message)->element[2], "cached"));
  freeReplyObject(message);
  redisFree(reader);
  redisFree(listener);
}

// ---- asynchronous, on libuv ----

static int async_replies;
static redisAsyncContext* async_sender;
static redisAsyncContext* async_listener;

static void OnMessage(redisAsyncContext* context, void* given, void* unused) {
  const redisReply* reply = given;
  (void)unused;
  if (reply != NULL && IsList(reply, "subscribe async 1"))
    redisAsyncCommand(async_sender, NULL, NULL, "PUBLISH async x");
  if (reply != NULL && IsList(reply, "message async x")) {
    async_replies++;
    redisAsyncDisconnect(async_sender);
    redisAsyncDisconnect(context);
  }
}

static void OnIncrement(redisAsyncContext* context, void* given, void* unused) {
  const redisReply* reply = given;
  (void)context, (void)unused;
  async_replies += reply != NULL && IsInteger(reply, async_replies + 1);
  if (async_replies == 1000) redisAsyncCommand(async_listener, OnMessage, NULL, "SUBSCRIBE async");
}

static void Asynchronous(void) {
  uv_loop_t* loop = uv_default_loop();
  async_sender = redisAsyncConnect("127.0.0.1", port);
  async_listener = redisAsyncConnect("127.0.0.1", port);
  EXPECT(redisLibuvAttach(async_sender, loop) == REDIS_OK && redisLibuvAttach(async_listener, loop) == REDIS_OK);
  for (int n = 0; n < 1000; n++) redisAsyncCommand(async_sender, OnIncrement, NULL, "INCR async-counter");
  uv_run(loop, UV_RUN_DEFAULT);
  EXPECT(async_replies == 1001);
}

static void Reconnecting(void) {
  char line[32] = "";
  EXPECT(IsText(CALL("SET before 1"), "OK"));
  puts("restart");
  EXPECT(fgets(line, sizeof line, stdin) != NULL && strncmp(line, "restarted", 9) == 0);
  redisReply* reply = redisCommand(r, "PING");
  EXPECT(reply == NULL && r->err != 0);
  EXPECT(redisReconnect(r) == REDIS_OK);
  EXPECT(CALL("GET before")->type == REDIS_REPLY_NIL && IsText(CALL("SET before 2"), "OK"));
}

static void WaitingRoom(void) {
  if (!usher) {
    snprintf(detail, sizeof detail, "redis-server has no waiting room");
    longjmp(check_end, kSkipped);
  }
  EXPECT(IsText(Field(CALL("ENTERQUEUE show alice"), "status"), "NEW"));
  EXPECT(IsInteger(Field(CALL("ENTERQUEUE show bob"), "position"), 1));
  EXPECT(IsText(Field(CALL("ENTERQUEUE show alice"), "status"), "WAITING"));
  EXPECT(IsList(CALL("MOVEACTIVE show 1"), "alice"));
  EXPECT(IsText(Field(CALL("QUEUE STATUS show alice"), "status"), "READY"));
  EXPECT(IsInteger(CALL("QUEUE ACTIVATE show alice"), 1) && IsList(CALL("MOVEACTIVE show 9"), "bob"));
  EXPECT(IsText(CALL("MOVEACTIVE show 9 JSON"), "[]"));
}

struct Check {
  const char* name;
  void (*function)(void);
};

// 0 when the check came to its end, else how it ended.
static int RunCheck(const struct Check* check) {
  const int ended = setjmp(check_end);
  if (ended == 0) check->function();
  return ended;
}

int main(int argc, char** argv) {
  static const struct Check checks[] = {
      {"connection", Connection},
      {"strings", Strings},
      {"hashes", Hashes},
      {"lists-and-sets", ListsAndSets},
      {"sorted-sets", SortedSets},
      {"streams", Streams},
      {"pipelines", Pipelines},
      {"transactions", Transactions},
      {"channels", Channels},
      {"blocking", Blocking},
      {"scans", Scans},
      {"big-values", BigValues},
      {"binary", Binary},
      {"errors", Errors},
      {"tracking", Tracking},
      {"asynchronous", Asynchronous},
      {"reconnecting", Reconnecting},
      {"waiting-room", WaitingRoom},
  };
  if (argc != 4) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  port = atoi(argv[1]);
  usher = strcmp(argv[3], "usher") == 0;
  if (setjmp(check_end) == 0) r = Connect();
  if (r == NULL) return 3;
  for (size_t n = 0; n < sizeof checks / sizeof *checks; n++) {
    const int ended = RunCheck(&checks[n]);
    if (ended == 0) {
      printf("ok %s\n", checks[n].name);
    } else {
      printf("%s %s: %s\n", ended == kSkipped ? "skipped" : "failed", checks[n].name, detail);
    }
  }
  puts("end");
  return 0;
}
