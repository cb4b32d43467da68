package config

import (
	"reflect"
	"strings"
)

// fieldOf returns the index of the field that a key names, or -1.
func fieldOf(t reflect.Type, key string) int {
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag == key && tag != "" && tag != "-" {
			return i
		}
	}
	return -1
}

// keysOf returns the keys of a type, in order of the type.
func keysOf(t reflect.Type) []string {
	var keys []string
	for field := range t.Fields() {
		if tag := field.Tag.Get("yaml"); tag != "" && tag != "-" {
			keys = append(keys, tag)
		}
	}
	return keys
}

// placesOf tells where else a key is known, for a key in the wrong place.
func placesOf(key string) string {
	var places []string
	var walk func(path string, t reflect.Type)
	walk = func(path string, t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer:
			walk(path, t.Elem())
		case reflect.Map:
			walk(path+".NAME", t.Elem())
		case reflect.Struct:
			for _, k := range keysOf(t) {
				if k == key {
					places = append(places, child(path, k))
				}
				walk(child(path, k), t.Field(fieldOf(t, k)).Type)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	if len(places) == 0 {
		return ""
	}
	return "it is known as " + strings.Join(places, ", ")
}

func exampleOf(key string) string {
	switch key {
	case "apiVersion":
		return APIVersion
	case "project":
		return "NAME"
	case "file":
		return "FILE"
	}
	return "oci://HOST/PATH/NAME"
}
