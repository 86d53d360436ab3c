// The clients: many small answers, large answers, and watches. Prints JSON.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	base      = flag.String("url", "", "what is called")
	ca        = flag.String("ca", "", "PEM of its CA")
	http1     = flag.Bool("http1", false, "HTTP/1.1 instead of HTTP/2")
	path      = flag.String("path", "/", "behind the URL")
	vary      = flag.Bool("vary", false, "another token and another name in each request")
	parallel  = flag.Int("parallel", 1, "requests, or watches, at the same time")
	count     = flag.Int("count", 1, "requests, or events")
	broadcast = flag.String("broadcast", "", "where an event is asked for; with it, the requests are watches")
	roots     = x509.NewCertPool()
	start     = time.Now().UnixNano()
)

func client() *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP1(*http1)
	protocols.SetHTTP2(!*http1)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		Protocols:           &protocols,
		MaxIdleConnsPerHost: *parallel,
		MaxConnsPerHost:     map[bool]int{true: *parallel}[*http1],
		DisableCompression:  true,
	}}
}

func request(ctx context.Context, url string, number int) *http.Request {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		panic(err)
	}
	token := "alice"
	if *vary {
		token = fmt.Sprintf("user-%d-%d", start, number)
		r.URL.Path += fmt.Sprintf("/c-%d", number)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	return r
}

func milliseconds(all []time.Duration, share float64) float64 {
	if len(all) == 0 {
		return -1
	}
	slices.Sort(all)
	return float64(all[min(len(all)-1, int(share*float64(len(all))))].Microseconds()) / 1000
}

func gets() map[string]any {
	calling := client()
	var next, bytes, failed atomic.Int64
	var mutex sync.Mutex
	var latencies []time.Duration
	var workers sync.WaitGroup
	started := time.Now()
	for range *parallel {
		workers.Go(func() {
			var mine []time.Duration
			for {
				number := next.Add(1)
				if number > int64(*count) {
					break
				}
				sent := time.Now()
				answer, err := calling.Do(request(context.Background(), *base+*path, int(number)))
				if err != nil {
					failed.Add(1)
					continue
				}
				size, err := io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if err != nil || answer.StatusCode != 200 {
					failed.Add(1)
					continue
				}
				bytes.Add(size)
				mine = append(mine, time.Since(sent))
			}
			mutex.Lock()
			latencies = append(latencies, mine...)
			mutex.Unlock()
		})
	}
	workers.Wait()
	return map[string]any{
		"seconds": time.Since(started).Seconds(), "answers": len(latencies), "failed": failed.Load(), "bytes": bytes.Load(),
		"p50": milliseconds(latencies, 0.5), "p99": milliseconds(latencies, 0.99),
	}
}

// watches opens each on a connection of its own, prints a line, waits for one, and then asks for events.
func watches() map[string]any {
	var mutex sync.Mutex
	var latencies []time.Duration
	var opened, received sync.WaitGroup
	var failed atomic.Int64
	ctx, leave := context.WithCancel(context.Background())
	opened.Add(*parallel)
	received.Add(*parallel * *count)
	slots := make(chan bool, 20)
	for number := range *parallel {
		go func() {
			slots <- true
			answer, err := client().Do(request(ctx, *base+*path, number))
			<-slots
			opened.Done()
			if err != nil || answer.StatusCode != 200 {
				failed.Add(1)
				received.Add(-*count)
				return
			}
			lines := bufio.NewScanner(answer.Body)
			for lines.Scan() {
				nanoseconds, _ := strconv.ParseInt(strings.TrimSpace(lines.Text()), 10, 64)
				mutex.Lock()
				latencies = append(latencies, time.Duration(time.Now().UnixNano()-nanoseconds))
				mutex.Unlock()
				received.Done()
			}
		}()
	}
	opened.Wait()
	fmt.Printf("{\"open\":%d}\n", *parallel)
	bufio.NewReader(os.Stdin).ReadString('\n')
	asking := client()
	for range *count {
		if answer, err := asking.Get(*broadcast); err == nil {
			answer.Body.Close()
		}
		time.Sleep(250 * time.Millisecond)
	}
	received.Wait()
	leave()
	return map[string]any{
		"answers": len(latencies), "failed": failed.Load(), "p50": milliseconds(latencies, 0.5), "p99": milliseconds(latencies, 0.99),
	}
}

func main() {
	flag.Parse()
	pem, err := os.ReadFile(*ca)
	if err != nil {
		panic(err)
	}
	roots.AppendCertsFromPEM(pem)
	measure := gets
	if *broadcast != "" {
		measure = watches
	}
	json.NewEncoder(os.Stdout).Encode(measure())
}
