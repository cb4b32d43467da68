package report_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/pintle-ci/pintle/pipeline/report"
)

// jenkinsCSP is what Jenkins 2.579 sends with archived files by default
// (facts/git-ci-canary.md 3.4).
const jenkinsCSP = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"

// browser starts a headless Chromium for one test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium in PATH; Debian's package chromium has it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // Chromium refuses to sandbox root
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser has ended
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// complaints collects what the browser says on its console.
type complaints struct {
	mu   sync.Mutex
	text []string
}

func listen(ctx context.Context, t *testing.T) *complaints {
	t.Helper()
	c := &complaints{}
	add := func(s string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.text = append(c.text, s)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *log.EventEntryAdded:
			add(fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
		case *runtime.EventExceptionThrown:
			add(ev.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.text
	c.text = nil
	return text
}

// serve serves dir as Jenkins does.
func serve(t *testing.T, dir string) string {
	t.Helper()
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Security-Policy", jenkinsCSP)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// view is what a test asks of a page that has been laid out.
type view struct {
	Background string  `json:"background"`
	Radius     string  `json:"radius"`
	Scroll     float64 `json:"scroll"`
	Width      float64 `json:"width"`
	Lang       string  `json:"lang"`
	Failures   int     `json:"failures"`
	Open       int     `json:"open"`
	Bars       int     `json:"bars"`
	BarFill    string  `json:"barFill"`
	BarWidth   float64 `json:"barWidth"`
	Broken     string  `json:"broken"`
	Ratio      string  `json:"ratio"`
}

// look measures the page. Broken lists links into the page that lead nowhere;
// Ratio lists texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3).
const look = `(() => {
  const style = getComputedStyle, $ = (q) => [...document.querySelectorAll(q)];
  const rgb = (c) => (c.match(/[\d.]+/g) || []).map(Number);
  const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(style(e).backgroundColor); if (c.length == 3 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const ratio = (e) => { const a = lum(rgb(style(e).color).slice(0, 3)), b = lum(ground(e)); return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
  const texts = $('body *').filter((e) => !e.closest('svg') && [...e.childNodes].some((n) => n.nodeType == 3 && n.textContent.trim()));
  const bar = document.querySelector('.bar rect');
  return {
    background: style(document.body).backgroundColor,
    radius: style(document.querySelector('.top')).borderTopLeftRadius,
    scroll: document.documentElement.scrollWidth, width: innerWidth,
    lang: document.documentElement.lang,
    failures: $('.failure').length, open: $('.failure details[open] pre').length,
    bars: $('.bar').length, barFill: bar ? style(bar).fill : '', barWidth: bar ? bar.getBoundingClientRect().width : 0,
    broken: $('a[href^="#"]').filter((a) => !document.getElementById(decodeURIComponent(a.getAttribute('href').slice(1)))).map((a) => a.outerHTML).join('\n'),
    ratio: texts.filter((e) => ratio(e) < 4.5).map((e) => ratio(e).toFixed(2) + ' ' + e.outerHTML.slice(0, 120)).join('\n'),
  };
})()`

func TestPageUnderJenkinsCSP(t *testing.T) {
	ctx := browser(t)
	heard := listen(ctx, t)
	sizes := []struct {
		name   string
		scheme string
		width  int64
	}{{"light", "light", 1280}, {"narrow-dark", "dark", 390}, {"dark", "dark", 1280}, {"narrow", "light", 390}}
	if os.Getenv("PINTLE_SCREENSHOTS") == "" {
		sizes = sizes[:2] // both schemes and both widths
	}
	for _, stream := range streams {
		dir := t.TempDir()
		if err := report.WriteAll(dir, report.Fold(readStream(t, stream))); err != nil {
			t.Fatal(err)
		}
		url := serve(t, dir) + "/report/"
		for _, s := range sizes {
			t.Run(stream+"-"+s.name, func(t *testing.T) {
				media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}}}
				if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
					t.Fatal(err)
				}
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(s.width, 900), chromedp.Navigate(url)); err != nil {
					t.Fatal(err)
				}
				got, err := chromedp.Run(ctx, chromedp.Evaluate[view](look))
				if err != nil {
					t.Fatal(err)
				}
				if said := heard.take(); len(said) > 0 {
					t.Errorf("the browser complains: %s", strings.Join(said, "; "))
				}
				checkView(t, stream, s.scheme, got)
				shoot(ctx, t, stream+"-"+s.name)
			})
		}
	}
}

func checkView(t *testing.T, stream, scheme string, got view) {
	t.Helper()
	if dark := got.Background == "rgb(20, 24, 29)"; dark != (scheme == "dark") || got.Radius == "0px" {
		t.Errorf("the stylesheet is not applied: background %s, radius %s in scheme %s", got.Background, got.Radius, scheme)
	}
	if got.Scroll > got.Width {
		t.Errorf("the page is %v wide in a window of %v", got.Scroll, got.Width)
	}
	if got.Lang != "en" {
		t.Errorf("lang is %q", got.Lang)
	}
	if got.Broken != "" {
		t.Errorf("links that lead nowhere:\n%s", got.Broken)
	}
	if got.Ratio != "" {
		t.Errorf("too little contrast:\n%s", got.Ratio)
	}
	if stream == "failed" && (got.Failures != 1 || got.Open != 1) {
		t.Errorf("%d failures with %d open pieces of evidence, want one of each", got.Failures, got.Open)
	}
	if stream != "nothing" && (got.Bars == 0 || got.BarFill == "rgb(0, 0, 0)") {
		t.Errorf("the timeline has %d bars, the first filled with %s", got.Bars, got.BarFill)
	}
}

// On paper nothing can be unfolded, so nothing may be folded.
func TestPagePrintsWhatIsFolded(t *testing.T) {
	ctx := browser(t)
	dir := t.TempDir()
	if err := report.WriteAll(dir, report.Fold(readStream(t, "failed"))); err != nil {
		t.Fatal(err)
	}
	const hidden = `[...document.querySelectorAll('details *')].filter((e) => !e.closest('svg') && !e.checkVisibility({contentVisibilityAuto: true})).length`
	folded := map[string]bool{"": true, "print": false}
	for media, want := range folded {
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media}); err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(ctx, chromedp.Navigate(serve(t, dir)+"/report/")); err != nil {
			t.Fatal(err)
		}
		n, err := chromedp.Run(ctx, chromedp.Evaluate[int](hidden))
		if err != nil {
			t.Fatal(err)
		}
		if got := n > 0; got != want {
			t.Errorf("in media %q %d elements are hidden", media, n)
		}
		shoot(ctx, t, "failed-media-"+media)
	}
}

// shoot takes a picture of the whole page into $PINTLE_SCREENSHOTS, for people.
func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("PINTLE_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCSPIsEnforced shows that TestPageUnderJenkinsCSP can fail.
func TestCSPIsEnforced(t *testing.T) {
	ctx := browser(t)
	heard := listen(ctx, t)
	dir := t.TempDir()
	page := `<!DOCTYPE html><p style="color: red">x<img src="data:image/png;base64,AAAA"><script>1</script>`
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(serve(t, dir)+"/")); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(heard.take(), "\n")
	for _, directive := range []string{"style-src", "img-src", "allow-scripts"} {
		if !strings.Contains(said, directive) {
			t.Errorf("no complaint about %s in:\n%s", directive, said)
		}
	}
}
