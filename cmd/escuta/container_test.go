package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// There is no Docker where the tests run, so the two files are held against
// their grammar and against what has to be true of them.

// compose has the keys of the Compose Specification that our file uses. It is
// read strictly: a misspelled key is an error.
type compose struct {
	Name     string
	Services map[string]service
	Volumes  map[string]*struct{}
}

type service struct {
	Image string
	Build *struct {
		Context string
		Args    map[string]string
	}
	Restart     string
	Command     []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck *struct {
		Test              []string
		Interval, Timeout string
		Retries           int
	}
	StopGracePeriod string `yaml:"stop_grace_period"`
}

func TestComposeFileHoldsTogether(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(&c); err != nil {
		t.Fatal(err)
	}
	known := configurationNames()
	for name, s := range c.Services {
		if (s.Image == "") == (s.Build == nil) {
			t.Errorf("%s is neither pulled nor built, or both", name)
		}
		if s.Image != "" && !strings.Contains(s.Image, ":") {
			t.Errorf("%s takes whatever version of %s there is", name, s.Image)
		}
		for needed, how := range s.DependsOn {
			if c.Services[needed].Healthcheck == nil || how.Condition != "service_healthy" {
				t.Errorf("%s does not wait until %s is healthy", name, needed)
			}
		}
		for _, v := range s.Volumes {
			volume, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[volume]; !ok {
				t.Errorf("%s mounts %s, which is not declared", name, volume)
			}
		}
		for variable := range s.Environment {
			if strings.HasPrefix(variable, "ESCUTA_") && !slices.Contains(known, variable) {
				t.Errorf("%s sets %s, which nobody reads", name, variable)
			}
		}
	}
	for _, name := range []string{"escuta", "postgres", "valkey"} {
		if _, ok := c.Services[name]; !ok {
			t.Errorf("there is no service %s", name)
		}
	}
	example, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, required := range regexp.MustCompile(`\$\{([A-Z_]+):\?`).FindAllSubmatch(text, -1) {
		if !bytes.Contains(example, append([]byte("\n"), append(required[1], '=')...)) {
			t.Errorf("%s is required and not in .env.example", required[1])
		}
	}
}

func TestDockerfileBuildsFromItsOwnStagesAndRunsWithoutRoot(t *testing.T) {
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	instructions := []string{"FROM", "WORKDIR", "COPY", "RUN", "ARG", "ENV", "VOLUME", "EXPOSE", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
	var stages []string
	last := map[string]string{} // of the final stage
	joined := strings.ReplaceAll(string(text), "\\\n", " ")
	for n, line := range strings.Split(joined, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		if !slices.Contains(instructions, name) || rest == "" {
			t.Fatalf("line %d is no instruction: %s", n+1, line)
		}
		if name == "FROM" {
			last = map[string]string{}
			image, as, named := strings.Cut(rest, " AS ")
			if image != "scratch" && !strings.Contains(image, ":") {
				t.Errorf("%s has no version", image)
			}
			if named {
				stages = append(stages, as)
			}
		}
		if from := regexp.MustCompile(`--from=(\S+)`).FindStringSubmatch(rest); from != nil && !slices.Contains(stages, from[1]) {
			t.Errorf("copies from %s, which is no stage above", from[1])
		}
		for _, source := range copied(name, rest) {
			if _, err := os.Stat("../../" + source); err != nil {
				t.Errorf("copies what is not there: %s", source)
			}
		}
		last[name] = rest
	}
	if user := last["USER"]; user == "" || user == "root" || strings.HasPrefix(user, "0") {
		t.Errorf("runs as %q", user)
	}
	if !strings.Contains(last["HEALTHCHECK"], "ping") || last["ENTRYPOINT"] == "" {
		t.Errorf("final stage: %v", last)
	}
}

// copied lists what a COPY takes out of the checkout.
func copied(instruction, rest string) []string {
	if instruction != "COPY" || strings.Contains(rest, "--from=") {
		return nil
	}
	words := strings.Fields(rest)
	return words[:len(words)-1]
}
