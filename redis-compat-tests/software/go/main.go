// Asynq: tasks, results, retries, scheduled and unique tasks, priorities, groups, the inspector.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

var (
	address   = asynq.RedisClientOpt{Addr: "127.0.0.1:" + os.Args[1]}
	client    = asynq.NewClient(address)
	inspector = asynq.NewInspector(address)
	attempts  atomic.Int64
	lock      sync.Mutex
	seen      []string
)

type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

func note(what string) {
	lock.Lock()
	defer lock.Unlock()
	seen = append(seen, what)
}

func noted() []string {
	lock.Lock()
	defer lock.Unlock()
	return append([]string{}, seen...)
}

func handle(_ context.Context, task *asynq.Task) error {
	switch task.Type() {
	case "double":
		_, err := task.ResultWriter().Write([]byte(string(task.Payload()) + string(task.Payload())))
		return err
	case "third-time":
		if attempts.Add(1) < 3 {
			return errors.New("not yet")
		}
	case "failing":
		return fmt.Errorf("never: %w", asynq.SkipRetry)
	}
	note(task.Type() + " " + string(task.Payload()))
	return nil
}

func startServer() *asynq.Server {
	server := asynq.NewServer(address, asynq.Config{
		Concurrency:              8,
		Logger:                   quiet{},
		Queues:                   map[string]int{"high": 9, "default": 1, "grouped": 1},
		StrictPriority:           true,
		DelayedTaskCheckInterval: 100 * time.Millisecond,
		TaskCheckInterval:        20 * time.Millisecond,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 50 * time.Millisecond },
		GroupGracePeriod:         time.Second,
		GroupMaxSize:             5,
		GroupAggregator: asynq.GroupAggregatorFunc(func(group string, tasks []*asynq.Task) *asynq.Task {
			return asynq.NewTask("aggregated", []byte(fmt.Sprintf("%s %d", group, len(tasks))), asynq.Queue("default"))
		}),
	})
	ok(server.Start(asynq.HandlerFunc(handle)))
	return server
}

func enqueue(kind, payload string, options ...asynq.Option) *asynq.TaskInfo {
	return must(client.Enqueue(asynq.NewTask(kind, []byte(payload)), options...))
}

func stateOf(info *asynq.TaskInfo) asynq.TaskState {
	current, err := inspector.GetTaskInfo(info.Queue, info.ID)
	if err != nil {
		return 0
	}
	return current.State
}

func results() {
	var infos []*asynq.TaskInfo
	for n := 0; n < 200; n++ {
		infos = append(infos, enqueue("double", fmt.Sprint(n), asynq.Retention(time.Minute)))
	}
	for n, info := range infos {
		waitUntil("a completed task", func() bool { return stateOf(info) == asynq.TaskStateCompleted })
		same(string(must(inspector.GetTaskInfo(info.Queue, info.ID)).Result), fmt.Sprint(n)+fmt.Sprint(n))
	}
	same(must(inspector.GetQueueInfo("default")).Completed, 200)
}

func retries() {
	info := enqueue("third-time", "", asynq.MaxRetry(5), asynq.Retention(time.Minute))
	waitUntil("the third attempt", func() bool { return stateOf(info) == asynq.TaskStateCompleted })
	same(attempts.Load(), 3)
	lost := enqueue("failing", "", asynq.MaxRetry(0))
	waitUntil("an archived task", func() bool { return stateOf(lost) == asynq.TaskStateArchived })
	same(must(inspector.DeleteAllArchivedTasks("default")), 1)
}

// Asynq keeps whole seconds.
func scheduled() {
	begin := time.Now()
	info := enqueue("later", "x", asynq.ProcessIn(1500*time.Millisecond), asynq.Retention(time.Minute))
	same(stateOf(info), asynq.TaskStateScheduled)
	waitUntil("the task", func() bool { return stateOf(info) == asynq.TaskStateCompleted })
	same(time.Since(begin) >= 500*time.Millisecond, true)
}

func unique() {
	first := enqueue("once", "same", asynq.Unique(time.Minute), asynq.ProcessIn(time.Minute))
	_, err := client.Enqueue(asynq.NewTask("once", []byte("same")), asynq.Unique(time.Minute))
	same(errors.Is(err, asynq.ErrDuplicateTask), true)
	enqueue("named", "", asynq.TaskID("mine"), asynq.ProcessIn(time.Minute))
	_, err = client.Enqueue(asynq.NewTask("named", nil), asynq.TaskID("mine"))
	same(errors.Is(err, asynq.ErrTaskIDConflict), true)
	ok(inspector.DeleteTask("default", first.ID))
	ok(inspector.RunTask("default", "mine"))
	waitUntil("the named task", func() bool { return contains("named ") })
}

func contains(what string) bool {
	for _, one := range noted() {
		if one == what {
			return true
		}
	}
	return false
}

func priorities() {
	ok(inspector.PauseQueue("high"))
	enqueue("urgent", "1", asynq.Queue("high"))
	time.Sleep(100 * time.Millisecond)
	same([]any{contains("urgent 1"), must(inspector.GetQueueInfo("high")).Paused}, []any{false, true})
	ok(inspector.UnpauseQueue("high"))
	waitUntil("the urgent task", func() bool { return contains("urgent 1") })
}

func groups() {
	for n := 0; n < 5; n++ {
		enqueue("part", fmt.Sprint(n), asynq.Queue("grouped"), asynq.Group("letters"))
	}
	waitUntil("the aggregate", func() bool { return contains("aggregated letters 5") })
}

func periodic() {
	scheduler := asynq.NewScheduler(address, &asynq.SchedulerOpts{Logger: quiet{}})
	must(scheduler.Register("@every 1s", asynq.NewTask("tick", nil)))
	ok(scheduler.Start())
	waitUntil("a tick", func() bool { return contains("tick ") })
	scheduler.Shutdown()
}

func main() {
	server := startServer()
	runAll([]check{
		{"results", results}, {"retries", retries}, {"scheduled", scheduled}, {"unique", unique},
		{"priorities", priorities}, {"groups", groups}, {"periodic", periodic},
	})
	server.Shutdown()
}
