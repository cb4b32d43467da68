package template

import "text/template/parse"

// Walk goes through a list and through the lists of the branches in it, and puts what before returns for a node in
// front of that node, or nothing for nil. dot is the range or with whose body the node stands in and which made its
// dot; nil if the template was given its dot. What before adds is not walked.
func Walk(list *parse.ListNode, before func(node, dot parse.Node) parse.Node) {
	walk(list, nil, before)
}

func walk(list *parse.ListNode, dot parse.Node, before func(node, dot parse.Node) parse.Node) {
	if list == nil {
		return
	}
	nodes := make([]parse.Node, 0, 2*len(list.Nodes))
	for _, node := range list.Nodes {
		if added := before(node, dot); added != nil {
			nodes = append(nodes, added)
		}
		nodes = append(nodes, node)
		switch n := node.(type) {
		case *parse.IfNode:
			walk(n.List, dot, before)
			walk(n.ElseList, dot, before)
		case *parse.WithNode:
			walk(n.List, node, before)
			walk(n.ElseList, dot, before)
		case *parse.RangeNode:
			walk(n.List, node, before)
			walk(n.ElseList, dot, before)
		}
	}
	list.Nodes = nodes
}
