using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Hikyaku.Platform;

/// <summary>The OpenAPI document of a deployable.</summary>
public static class ApiDescription
{
    private static readonly XmlTexts Texts = new();

    /// <summary>
    /// Adds it. An operation's summary is what the endpoint says of itself; what its handler's documentation says to a reader of
    /// the code would stand there otherwise. Fields are described by the documentation of their types.
    /// </summary>
    public static IServiceCollection AddApiDescription(this IServiceCollection services)
        => services.AddOpenApi(document => document.AddOperationTransformer(DescribeAsync).AddSchemaTransformer(DescribeAsync));

    private static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken stop)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Summary = metadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary;
        if (metadata.OfType<DryRun>().Any()) Add(operation, ParameterLocation.Query, "dryRun");
        if (metadata.OfType<MethodInfo>().LastOrDefault()?.GetParameters().Any(p => p.ParameterType == typeof(CommandContext)) != true) return Task.CompletedTask;
        Add(operation, ParameterLocation.Header, "If-Match");
        if (HttpMethods.IsPost(context.Description.HttpMethod ?? "")) Add(operation, ParameterLocation.Header, "Idempotency-Key");
        return Task.CompletedTask;
    }

    private static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken stop)
    {
        if (context.JsonPropertyInfo is null)
        {
            schema.Description ??= Texts.Of(context.JsonTypeInfo.Type);
            // Nothing is written for null, and what may be null may be left out.
            foreach (var property in context.JsonTypeInfo.Properties.Where(p => p.IsGetNullable || Nullable.GetUnderlyingType(p.PropertyType) is not null)) schema.Required?.Remove(property.Name);
        }
        else if (context.JsonPropertyInfo.AttributeProvider is PropertyInfo property && Texts.Of(property) is { } text)
        {
            // What is said of a property stands beside its reference, not in the schema that others refer to, too.
            if (schema.Metadata?.TryGetValue("x-schema-id", out var id) == true && id is string { Length: > 0 }) schema.Metadata["x-ref-description"] = text;
            else schema.Description ??= text;
        }

        return Task.CompletedTask;
    }

    private static void Add(OpenApiOperation operation, ParameterLocation place, string name)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter { Name = name, In = place, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
    }
}
