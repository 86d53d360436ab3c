// An API server's part: reviews, an object of 2 kB, a list of 20 MB, and watches that all get the same events.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

var (
	object  = []byte(`{"kind":"ConfigMap","apiVersion":"v1","data":{"a":"` + strings.Repeat("x", 1950) + `"}}`)
	chunk   = make([]byte, 32*1024)
	mutex   sync.Mutex
	watches = map[chan []byte]bool{}
)

const chunks = 20 * 1024 * 1024 / (32 * 1024)

// review answers as an API server does in which a token is the name of its user, and everything is allowed.
func review(w http.ResponseWriter, r *http.Request) {
	var asked map[string]any
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	spec, _ := asked["spec"].(map[string]any)
	switch asked["kind"] {
	case "TokenReview":
		asked["status"] = map[string]any{"authenticated": true, "user": map[string]any{"username": spec["token"], "groups": []string{"people"}}}
	case "SelfSubjectReview":
		asked["status"] = map[string]any{"userInfo": map[string]any{"username": strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}}
	case "SelfSubjectRulesReview":
		asked["status"] = map[string]any{"resourceRules": []any{}, "nonResourceRules": []any{}, "incomplete": false}
	default:
		asked["status"] = map[string]any{"allowed": true}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(asked)
}

func watch(w http.ResponseWriter, r *http.Request) {
	events := make(chan []byte, 100)
	mutex.Lock()
	watches[events] = true
	mutex.Unlock()
	defer func() {
		mutex.Lock()
		delete(watches, events)
		mutex.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for {
		select {
		case event := <-events:
			w.Write(event)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// broadcast sends a line of 900 bytes, which begins with the time in nanoseconds, to every watch.
func broadcast(w http.ResponseWriter, _ *http.Request) {
	mutex.Lock()
	defer mutex.Unlock()
	event := fmt.Appendf(nil, "%-899d\n", time.Now().UnixNano())
	for events := range watches {
		events <- event
	}
}

// upstream CERT KEY
func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/apis/authentication.k8s.io/", review)
	mux.HandleFunc("/apis/authorization.k8s.io/", review)
	mux.HandleFunc("/broadcast", broadcast)
	mux.HandleFunc("/api/v1/pods", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range chunks {
			w.Write(chunk)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") != "" {
			watch(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(object)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	// As many streams for each connection as a kube-apiserver takes.
	server := &http.Server{Handler: mux, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100}}
	fmt.Printf("listening on https://%s\n", listener.Addr())
	panic(server.ServeTLS(listener, os.Args[1], os.Args[2]))
}
