// A server in Go that knows nothing of its supervisor: it listens, and has no handler for signals.
package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

var run = release() + ":" + strconv.Itoa(os.Getpid())

func release() string {
	text, err := os.ReadFile(os.Getenv("RELEASE_FILE"))
	if err != nil {
		return "0"
	}
	return strings.TrimSpace(string(text))
}

func number(r *http.Request, name string) int {
	value, _ := strconv.Atoi(r.URL.Query().Get(name))
	return value
}

func pause(r *http.Request) time.Duration {
	return time.Duration(number(r, "ms")) * time.Millisecond
}

func bytes(w http.ResponseWriter, r *http.Request) {
	count := number(r, "n")
	body := make([]byte, count)
	for i := range body {
		body[i] = byte('a' + i%23)
	}
	w.Header().Set("Content-Length", strconv.Itoa(count))
	w.Write(body)
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	for i := 0; i < number(r, "n"); i++ {
		fmt.Fprintf(w, "part %d\n", i)
		w.(http.Flusher).Flush()
		time.Sleep(pause(r))
	}
}

func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; r.Context().Err() == nil; i++ {
		fmt.Fprintf(w, "data: %d\n\n", i)
		w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

func socket(w http.ResponseWriter, r *http.Request) {
	connection, stream, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	key := r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	hash := sha1.Sum([]byte(key))
	accept := base64.StdEncoding.EncodeToString(hash[:])
	stream.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
		"Connection: Upgrade\r\nX-Run: " + run + "\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n")
	for i := 0; frame(stream.Writer, strconv.Itoa(i)) == nil; i++ {
		time.Sleep(100 * time.Millisecond)
	}
}

func frame(out *bufio.Writer, text string) error {
	out.Write([]byte{0x81, byte(len(text))})
	out.WriteString(text)
	return out.Flush()
}

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "answer to %s\n", r.URL.Query().Get("q"))
	})
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pause(r))
		fmt.Fprintf(w, "answer to %s\n", r.URL.Query().Get("q"))
	})
	http.HandleFunc("/bytes", bytes)
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/drip", drip)
	http.HandleFunc("/sse", events)
	http.HandleFunc("/ws", socket)
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "{\"status\":\"ok\"}")
	})
	marked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Run", run)
		http.DefaultServeMux.ServeHTTP(w, r)
	})
	if err := http.ListenAndServe(":"+os.Getenv("PORT"), marked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
