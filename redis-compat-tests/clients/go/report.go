// How each check went is said here, as program.py of this suite wants it.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"time"
)

type skip string

type failure string

type check struct {
	name     string
	function func()
}

var stdin = bufio.NewReader(os.Stdin)

// same ends the check unless both are equal as they print.
func same(found, wanted any) {
	if !reflect.DeepEqual(found, wanted) && fmt.Sprintf("%v", found) != fmt.Sprintf("%v", wanted) {
		fail("%.300v instead of %.300v", found, wanted)
	}
}

func fail(format string, arguments ...any) {
	place := ""
	for depth := 1; depth < 8; depth++ {
		_, file, line, ok := runtime.Caller(depth)
		if ok && strings.HasSuffix(file, "main.go") {
			place = fmt.Sprintf("line %d: ", line)
			break
		}
	}
	panic(failure(place + fmt.Sprintf(format, arguments...)))
}

// must ends the check when there is an error.
func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

func ok(err error) {
	if err != nil {
		fail("%v", err)
	}
}

// fails ends the check unless the error says this.
func fails(err error, part string) {
	if err == nil || !strings.Contains(err.Error(), part) {
		fail("error %v does not say %s", err, part)
	}
}

func waitUntil(what string, condition func() bool) {
	for tries := 0; tries < 1000; tries++ {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	fail("not so in time: %s", what)
}

func restartServer() {
	fmt.Println("restart")
	same(strings.TrimSpace(must(stdin.ReadString('\n'))), "restarted")
}

func runOne(one check) {
	defer func() {
		switch end := recover().(type) {
		case nil:
			fmt.Println("ok", one.name)
		case skip:
			fmt.Printf("skipped %s: %s\n", one.name, string(end))
		default:
			fmt.Printf("failed %s: %s\n", one.name, strings.ReplaceAll(fmt.Sprint(end), "\n", " "))
		}
	}()
	one.function()
}

func runAll(checks []check) {
	for _, one := range checks {
		runOne(one)
	}
	fmt.Println("end")
}
