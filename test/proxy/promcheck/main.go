// Checks what Prometheus would read, with the packages that promtool is made of.
//
//	promcheck metrics < SCRAPE      what `promtool check metrics` says of a scrape
//	promcheck rules FILE...         what `promtool check rules` says of rules files
//	promcheck queries < QUERIES     whether each line is a query
package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func problems(args []string) ([]string, error) {
	var found []string
	if len(args) == 0 {
		return nil, fmt.Errorf("usage: promcheck metrics | rules FILE... | queries")
	}
	switch args[0] {
	case "metrics":
		lint, err := promlint.New(os.Stdin).Lint()
		if err != nil {
			return nil, err
		}
		for _, problem := range lint {
			found = append(found, problem.Metric+": "+problem.Text)
		}
	case "rules":
		for _, file := range args[1:] {
			_, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
			for _, err := range errs {
				found = append(found, err.Error())
			}
		}
	case "queries":
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(lines.Text()); err != nil {
				found = append(found, lines.Text()+": "+err.Error())
			}
		}
		return found, lines.Err()
	default:
		return nil, fmt.Errorf("%s is neither metrics, rules nor queries", args[0])
	}
	return found, nil
}

func main() {
	found, err := problems(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, problem := range found {
		fmt.Println(problem)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}
