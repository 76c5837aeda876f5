"""The built-in node types, one file each; `BUILT_IN` lists them."""

from engine.nodes.array_filter import Filter
from engine.nodes.array_first import First
from engine.nodes.array_length import ArrayLength
from engine.nodes.array_map import Map
from engine.nodes.array_reduce import Reduce
from engine.nodes.array_slice import Slice
from engine.nodes.array_sort import Sort
from engine.nodes.array_unique import Unique
from engine.nodes.debug_log import Log
from engine.nodes.event_emit import EventEmit
from engine.nodes.event_is_root import IsRoot
from engine.nodes.event_listen import EventListen
from engine.nodes.expr_cel import Cel
from engine.nodes.flow_branch import Branch
from engine.nodes.flow_call import FlowCall
from engine.nodes.flow_collect import Collect
from engine.nodes.flow_gate import Gate
from engine.nodes.flow_input import FlowInput
from engine.nodes.flow_map import FlowMap
from engine.nodes.flow_merge import Merge
from engine.nodes.flow_output import FlowOutput
from engine.nodes.flow_repeat import FlowRepeat
from engine.nodes.flow_switch import Switch
from engine.nodes.group import Group
from engine.nodes.http_request import HttpRequest
from engine.nodes.json_parse import JsonParse
from engine.nodes.json_serialize import JsonSerialize
from engine.nodes.logic_junction import And, Or
from engine.nodes.logic_not import Not
from engine.nodes.math_aggregate import Aggregate
from engine.nodes.math_arithmetic import Arithmetic
from engine.nodes.math_compare import Compare
from engine.nodes.math_random import Random
from engine.nodes.math_round import Round
from engine.nodes.secret_get import SecretGet
from engine.nodes.signal_wait import SignalWait
from engine.nodes.text_join import Join
from engine.nodes.text_length import TextLength
from engine.nodes.text_regex import Regex
from engine.nodes.text_split import Split
from engine.nodes.text_template import Template
from engine.nodes.time_add import Add
from engine.nodes.time_format import Format
from engine.nodes.time_now import Now
from engine.nodes.time_parse import Parse
from engine.nodes.time_sleep import Sleep
from engine.nodes.time_sleep_until import SleepUntil
from engine.nodes.value_coalesce import Coalesce
from engine.nodes.value_constants import Array, Boolean, Html, Markdown, NumberValue, Object, Text
from engine.registry import Registry

BUILT_IN = Registry(
    [
        Add,
        Aggregate,
        And,
        Arithmetic,
        Array,
        ArrayLength,
        Boolean,
        Branch,
        Cel,
        Coalesce,
        Collect,
        Compare,
        EventEmit,
        EventListen,
        Filter,
        First,
        FlowCall,
        FlowInput,
        FlowMap,
        FlowOutput,
        FlowRepeat,
        Format,
        Gate,
        Group,
        Html,
        HttpRequest,
        IsRoot,
        Join,
        JsonParse,
        JsonSerialize,
        Log,
        Map,
        Markdown,
        Merge,
        Not,
        Now,
        NumberValue,
        Object,
        Or,
        Parse,
        Random,
        Reduce,
        Regex,
        Round,
        SecretGet,
        SignalWait,
        Slice,
        Sleep,
        SleepUntil,
        Sort,
        Split,
        Switch,
        Template,
        Text,
        TextLength,
        Unique,
    ]
)
