using BenchmarkDotNet.Running;
using Longspan.Micro;

BenchmarkSwitcher.FromAssembly(typeof(SignatureBenchmarks).Assembly).Run(args, new BenchmarkSettings());
