// The baseline: Go's own reverse proxy, HTTP/2 to the server behind it, HTTP/2 and HTTP/1.1 in front.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

// reverse-proxy UPSTREAM CA CERT KEY
func main() {
	upstream, _ := url.Parse(os.Args[1])
	pem, _ := os.ReadFile(os.Args[2])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.SetXForwarded()
			r.Out.Header.Set("Authorization", "Bearer actor")
			r.Out.Header.Set("Impersonate-User", "alice")
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening on https://%s\n", listener.Addr())
	panic((&http.Server{Handler: proxy}).ServeTLS(listener, os.Args[3], os.Args[4]))
}
