using Longspan.Api.Ssm;
using Longspan.Core.Tests.Access;
using Xunit;

namespace Longspan.Core.Tests.Ssm;

/// <summary>A token continues the list that it was given for, and no other.</summary>
public sealed class ParameterPagingTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("?")]
    [InlineData("L3Nob3AvYQ")]
    public async Task WhatIsNoTokenIsRefused(string token)
    {
        await using var cloud = await FilledAsync();
        await RefusedAsync(cloud, SsmOperations.DescribeParameters, new() { NextToken = token });
        await RefusedAsync(cloud, SsmOperations.GetParametersByPath, new() { Path = "/shop", NextToken = token });
        await RefusedAsync(cloud, SsmOperations.GetParameterHistory, new() { Name = "/shop/a", NextToken = token });
        await RefusedAsync(cloud, SsmOperations.DescribeActivations, new() { NextToken = token });
        await RefusedAsync(cloud, SsmOperations.DescribeInstanceInformation, new() { NextToken = token });
    }

    [Fact]
    public async Task ATokenBelongsToItsPath()
    {
        await using var cloud = await FilledAsync();
        var page = await cloud.CallAsync(SsmOperations.GetParametersByPath, new() { Path = "/shop", MaxResults = 1 });
        await RefusedAsync(cloud, SsmOperations.GetParametersByPath, new() { Path = "/other", NextToken = page.NextToken });
        await RefusedAsync(cloud, SsmOperations.GetParametersByPath, new() { Path = "/shop", Recursive = true, NextToken = page.NextToken });
        await RefusedAsync(cloud, SsmOperations.DescribeParameters, new() { NextToken = page.NextToken });
        // The size of a page may change on the way.
        var rest = await cloud.CallAsync(SsmOperations.GetParametersByPath, new() { Path = "/shop", MaxResults = 5, NextToken = page.NextToken });
        Assert.Equal(["/shop/b", "/shop/c"], rest.Parameters!.Select(p => p.Name));
        Assert.Null(rest.NextToken);
    }

    [Fact]
    public async Task ATokenBelongsToItsFilters()
    {
        await using var cloud = await FilledAsync();
        static List<ParameterStringFilter> Named(params string[] names) => [new() { Key = "Name", Option = "BeginsWith", Values = [.. names] }];
        var page = await cloud.CallAsync(SsmOperations.DescribeParameters, new() { ParameterFilters = Named("/shop"), MaxResults = 2 });
        await RefusedAsync(cloud, SsmOperations.DescribeParameters, new() { NextToken = page.NextToken });
        await RefusedAsync(cloud, SsmOperations.DescribeParameters, new() { ParameterFilters = Named("/other"), NextToken = page.NextToken });
        await RefusedAsync(cloud, SsmOperations.DescribeParameters, new() { ParameterFilters = Named("/shop", "/other"), NextToken = page.NextToken });
        var rest = await cloud.CallAsync(SsmOperations.DescribeParameters, new() { ParameterFilters = Named("/shop"), NextToken = page.NextToken });
        Assert.Equal("/shop/c", Assert.Single(rest.Parameters!).Name);
    }

    [Fact]
    public async Task ATokenBelongsToItsHistory()
    {
        await using var cloud = await FilledAsync();
        foreach (var name in (string[])["/shop/a", "/shop/b"])
        {
            await cloud.CallAsync(SsmOperations.PutParameter, new() { Name = name, Value = "two", Overwrite = true });
        }
        var page = await cloud.CallAsync(SsmOperations.GetParameterHistory, new() { Name = "/shop/a", MaxResults = 1 });
        await RefusedAsync(cloud, SsmOperations.GetParameterHistory, new() { Name = "/shop/b", NextToken = page.NextToken });
        var rest = await cloud.CallAsync(SsmOperations.GetParameterHistory, new() { Name = "/shop/a", NextToken = page.NextToken });
        Assert.Equal("two", Assert.Single(rest.Parameters!).Value);
    }

    private static async Task<AccessCloud> FilledAsync()
    {
        var cloud = await AccessCloud.StartAsync();
        foreach (var name in (string[])["/other/x", "/shop/a", "/shop/b", "/shop/c"])
        {
            await cloud.CallAsync(SsmOperations.PutParameter, new() { Name = name, Value = "one", Type = "String" });
        }
        return cloud;
    }

    private static async Task RefusedAsync<TRequest, TResponse>(AccessCloud cloud, Api.Shapes.Operation<TRequest, TResponse> operation, TRequest request)
        where TRequest : Api.Shapes.Shape, new()
        where TResponse : Api.Shapes.Shape, new() =>
        Assert.Equal("InvalidNextToken", await AccessCloud.CodeOfAsync(() => cloud.CallAsync(operation, request)));
}
